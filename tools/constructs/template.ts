import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnElement, CfnResource } from 'aws-cdk-lib';

type Json = Record<string, unknown>;

/** A resource as it is synthesized. */
export interface Resource {
  readonly id: string;
  readonly type: string;
  /** Where its construct stands, below the stack. */
  readonly path: string;
  readonly properties: Json;
}

/** One statement of a policy, every field a list. */
export interface Statement {
  readonly actions: readonly string[];
  /** Expressions of CloudFormation. */
  readonly resources: readonly unknown[];
  readonly principals: readonly unknown[];
  readonly denies: boolean;
}

/** A stack's template, with what the construct tree knows and the template does not. */
export class StackTemplate {
  readonly resources: readonly Resource[];
  private readonly byId: ReadonlyMap<string, Resource>;

  constructor(stack: Stack) {
    const { Resources = {} } = Template.fromStack(stack).toJSON() as {
      Resources?: Record<string, { Type: string; Properties?: Json }>;
    };
    const paths = new Map(
      stack.node
        .findAll()
        .filter((node): node is CfnResource => CfnElement.isCfnElement(node) && Stack.of(node) === stack)
        .map((node) => [String(stack.resolve(node.logicalId)), node.node.path.slice(stack.node.path.length + 1)]),
    );
    this.resources = Object.entries(Resources).map(([id, { Type, Properties }]) => ({
      id,
      type: Type,
      path: paths.get(id) ?? id,
      properties: Properties ?? {},
    }));
    this.byId = new Map(this.resources.map((resource) => [resource.id, resource]));
  }

  ofType(...types: string[]): Resource[] {
    return this.resources.filter(({ type }) => types.includes(type));
  }

  get(id: string | undefined): Resource | undefined {
    return id === undefined ? undefined : this.byId.get(id);
  }

  /** What a role may do. */
  statementsOf(roleId: string): Statement[] {
    const inline = (this.get(roleId)?.properties.Policies ?? []) as { PolicyDocument: Json }[];
    const attached = this.ofType('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy').filter(({ properties }) =>
      references(properties.Roles).includes(roleId),
    );
    return [
      ...inline.map(({ PolicyDocument }) => PolicyDocument),
      ...attached.map((one) => one.properties.PolicyDocument),
    ]
      .map(statements)
      .flat();
  }

  /** An expression as a person would write it, with the paths of constructs in braces. */
  inWords(expression: unknown): string {
    if (typeof expression === 'string') return expression;
    const [[name, value]] = Object.entries(expression as Json);
    if (name === 'Fn::Sub') return (value as string).replace(/\$\{AWS::(\w+)\}/g, '{$1}');
    if (name === 'Fn::FindInMap') return '{account of the images}';
    if (name === 'Fn::Select') return this.partOf(value as [string, { 'Fn::Split': [string, unknown] }]);
    if (name === 'Fn::Join') return (value as [string, unknown[]])[1].map((part) => this.inWords(part)).join('');
    const [id] = references(expression);
    return id === undefined ? `{${(value as string).replace?.('AWS::', '') ?? name}}` : `{${this.get(id)?.path ?? id}}`;
  }

  /** A part of a resource's ARN, which the template takes apart to make another of it. */
  private partOf([
    index,
    {
      'Fn::Split': [, arn],
    },
  ]: [string, { 'Fn::Split': [string, unknown] }]): string {
    const [id] = references(arn);
    const service = this.get(id)?.type === 'AWS::StepFunctions::StateMachine' ? 'states' : 'service';
    return ['arn', '{Partition}', service, '{Region}', '{AccountId}'][Number(index)] ?? this.inWords(arn);
  }
}

/** The statements of a policy document. */
export function statements(document: unknown): Statement[] {
  const { Statement = [] } = (document ?? {}) as { Statement?: Json[] };
  return Statement.map((one) => ({
    actions: list(one.Action) as string[],
    resources: list(one.Resource),
    principals: principals(one.Principal),
    denies: one.Effect === 'Deny',
  }));
}

/** Logical ids of the resources that an expression refers to; pseudo parameters are none. */
export function references(expression: unknown): string[] {
  if (typeof expression !== 'object' || expression === null) return [];
  const { Ref, 'Fn::GetAtt': attribute } = expression as { Ref?: string; 'Fn::GetAtt'?: [string, string] };
  if (Ref !== undefined) return Ref.startsWith('AWS::') ? [] : [Ref];
  if (attribute !== undefined) return [attribute[0]];
  return Object.values(expression).flatMap(references);
}

function principals(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(list) : list(value);
}

function list(value: unknown): unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
