import { Stack, Validations } from 'aws-cdk-lib';
import { CfnPolicy } from 'aws-cdk-lib/aws-iam';
import { IConstruct } from 'constructs';

/** Records why rules of security scanners do not apply below a construct; the reasons stay in the assembly. */
export function acknowledge(scope: IConstruct, reasons: Readonly<Record<string, string>>): void {
  Validations.of(scope).acknowledge(...Object.entries(reasons).map(([id, reason]) => ({ id, reason })));
}

/** Roles here are made for one purpose and get a policy of their own with it. */
export function acknowledgeInlinePolicies(scope: IConstruct): void {
  acknowledge(scope, {
    'NIST.800.53.R5-IAMNoInlinePolicy':
      'The policy belongs to this one role and goes with it; a managed policy could be attached to others by mistake.',
  });
}

/** Records why a policy below the construct may name this one resource pattern. */
export function acknowledgeWildcard(scope: IConstruct, resource: string, reason: string): void {
  const id = `AwsSolutions-IAM5[Resource::${flatten(Stack.of(scope).resolve(resource))}]`;
  acknowledge(scope, { [id]: reason });
}

/** The same for every pattern of policies that the CDK wrote by itself. */
export function acknowledgePolicy(policyScope: IConstruct, reason: string): void {
  for (const node of policyScope.node.findAll()) {
    if (!(node instanceof CfnPolicy)) continue;
    const document = Stack.of(node).resolve(node.policyDocument) as { Statement?: { Resource: unknown }[] };
    for (const { Resource } of document.Statement ?? []) {
      for (const resource of Array.isArray(Resource) ? Resource : [Resource]) {
        if (flatten(resource).includes('*'))
          acknowledge(node, { [`AwsSolutions-IAM5[Resource::${flatten(resource)}]`]: reason });
      }
    }
  }
}

/** A CloudFormation expression as the scanners write it in the names of their findings. */
function flatten(node: unknown): string {
  if (node === undefined) return '';
  if (typeof node === 'string') return node.replace(/\${/g, '<').replace(/}/g, '>');
  const expression = node as Record<string, unknown>;
  if (expression['Fn::Join']) {
    const [delimiter, items] = expression['Fn::Join'] as [string, unknown[]];
    return items.map(flatten).join(delimiter);
  }
  if (expression['Fn::Sub']) return flatten(expression['Fn::Sub']);
  if (expression['Fn::GetAtt']) return `<${(expression['Fn::GetAtt'] as unknown[]).map(flatten).join('.')}>`;
  if (expression['Fn::ImportValue']) return flatten(expression['Fn::ImportValue']);
  if (expression.Ref) return `<${flatten(expression.Ref)}>`;
  return JSON.stringify(node);
}
