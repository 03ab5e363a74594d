import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';

export interface MachineDefinition {
  readonly StartAt: string;
  readonly States: Record<string, Record<string, any>>;
  readonly [field: string]: unknown;
}

/** A definition out of a template, with `<LogicalId.Attribute>` for what is known only at deployment. */
export function definitionOf(stack: Stack, nameContains: string): MachineDefinition {
  const machines = Object.entries(Template.fromStack(stack).findResources('AWS::StepFunctions::StateMachine'));
  const found = machines.filter(([name]) => name.includes(nameContains));
  if (found.length !== 1)
    throw new Error(
      `${found.length} machines have ${nameContains} in their names: ${machines.map(([name]) => name).join(', ')}`,
    );
  return JSON.parse(
    flatten((found[0][1] as { Properties: { DefinitionString: unknown } }).Properties.DefinitionString),
  ) as MachineDefinition;
}

/** An expression of CloudFormation as text. */
export function flatten(node: unknown): string {
  if (typeof node === 'string') return node;
  const expression = node as Record<string, any>;
  if (expression['Fn::Join'])
    return (expression['Fn::Join'] as [string, unknown[]])[1]
      .map(flatten)
      .join((expression['Fn::Join'] as [string])[0]);
  if (expression['Fn::GetAtt']) return `<${(expression['Fn::GetAtt'] as string[]).join('.')}>`;
  if (expression.Ref) return `<${String(expression.Ref)}>`;
  if (expression['Fn::Sub']) return String(expression['Fn::Sub']);
  if (expression['Fn::FindInMap']) return '<account>';
  throw new Error(`no text for ${JSON.stringify(node)}`);
}
