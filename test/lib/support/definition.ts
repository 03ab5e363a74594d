import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';

/** JSON whose shape the tests check by what they expect of it. */
export interface Json {
  readonly [key: string]: Json;
}

export interface MachineDefinition {
  readonly StartAt: string;
  readonly States: Record<string, Json>;
}

/** A definition out of a template, with `<LogicalId.Attribute>` for what is known only at deployment. */
export function definitionOf(stack: Stack, nameContains: string): MachineDefinition {
  const machines = Object.entries(Template.fromStack(stack).findResources('AWS::StepFunctions::StateMachine'));
  const found = machines.filter(([name]) => name.includes(nameContains));
  if (found.length !== 1) {
    throw new Error(
      `${found.length} machines have ${nameContains} in their names: ${machines.map(([name]) => name).join(', ')}`,
    );
  }
  const { Properties } = found[0][1] as { Properties: { DefinitionString: unknown } };
  return JSON.parse(flatten(Properties.DefinitionString)) as MachineDefinition;
}

/** An expression of CloudFormation as text. */
function flatten(node: unknown): string {
  if (typeof node === 'string') return node;
  const expression = node as Record<string, unknown>;
  if (expression['Fn::Join']) {
    const [delimiter, items] = expression['Fn::Join'] as [string, unknown[]];
    return items.map(flatten).join(delimiter);
  }
  if (expression['Fn::GetAtt']) return `<${(expression['Fn::GetAtt'] as string[]).join('.')}>`;
  if (expression.Ref) return `<${expression.Ref as string}>`;
  if (expression['Fn::Sub']) return expression['Fn::Sub'] as string;
  if (expression['Fn::FindInMap']) return '<account>';
  throw new Error(`no text for ${JSON.stringify(node)}`);
}
