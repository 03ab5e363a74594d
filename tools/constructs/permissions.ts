import { Resource, StackTemplate, Statement, statements } from './template';

/** Statements that let something write about itself. */
const TELLING = /^(logs|xray):/;
/** Accounts in the ARNs of what the stack's own account has. */
const LOCAL = ['', '{AccountId}'];
const GENERIC = /\/(Resource|Default|Function|Role|ServiceRole)$/;

/** Everything that a template permits, as a table of Markdown: roles first, then what resources permit others. */
export function permissionTable(template: StackTemplate): string {
  const roles = template
    .ofType('AWS::IAM::Role')
    .map((role) => [nameOf(role), template.statementsOf(role.id).filter(({ actions }) => !tells(actions))] as const);
  const rows = [
    ...roles.filter(([, all]) => all.length > 0).map(([name, all]) => row(template, `role \`${name}\``, all)),
    ...resourcePolicies(template),
  ];
  return [
    '| who | may |',
    '| --- | --- |',
    ...rows,
    '',
    'Besides, each function and state machine may write its own log, and traces where it has them.',
  ].join('\n');
}

function resourcePolicies(template: StackTemplate): string[] {
  const documents: [string, Statement[]][] = [
    ...template
      .ofType('AWS::KMS::Key')
      .map((key): [string, Statement[]] => [nameOf(key), statements(key.properties.KeyPolicy).filter(isOfOthers)]),
    ...template
      .ofType('AWS::S3::BucketPolicy', 'AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy')
      .map((policy): [string, Statement[]] => [nameOf(policy), statements(policy.properties.PolicyDocument)]),
  ];
  const granted = documents.flatMap(([name, all]) =>
    all
      .filter(({ denies }) => !denies)
      .map((one) => `| ${one.principals.map((who) => code(template, who)).join(', ')} | ${may(template, one, name)} |`),
  );
  const invoked = template
    .ofType('AWS::Lambda::Permission')
    .map(({ properties }) => [properties.Principal, properties.FunctionName] as const)
    .map(([who, target]) => `| ${code(template, who)} | \`lambda:InvokeFunction\` on ${code(template, target)} |`);
  return [...new Set([...granted, ...invoked])];
}

/** The account itself may always change its keys. */
function isOfOthers({ principals }: Statement): boolean {
  return !JSON.stringify(principals).includes(':root');
}

function row(template: StackTemplate, who: string, all: readonly Statement[]): string {
  return `| ${who} | ${[...new Set(all.map((one) => may(template, one)))].join('<br>')} |`;
}

/** @param self the resource that has the policy, which `*` stands for there */
function may(template: StackTemplate, { actions, resources, denies }: Statement, self?: string): string {
  const targets = self === undefined ? [...new Set(resources.map((one) => code(template, one)))] : [`\`{${self}}\``];
  return `${denies ? 'not ' : ''}${actions.map((action) => `\`${action}\``).join(', ')} on ${targets.join(', ')}`;
}

function code(template: StackTemplate, expression: unknown): string {
  const words = template
    .inWords(expression)
    .replace(/^arn:[^:]+:([a-z0-9-]+):[^:]*:([^:]*):/, (_all, service: string, account: string) =>
      service === 's3' ? '' : LOCAL.includes(account) ? `${service}: ` : `${service} of ${account}: `,
    )
    .replace(/\{([^}]+)\}/g, (_all, path: string) => `{${shorten(path)}}`);
  return `\`${words}\``;
}

function nameOf({ path }: Resource): string {
  return shorten(path.replace(/\/Policy\/Resource$/, ''));
}

function shorten(path: string): string {
  return GENERIC.test(path) ? shorten(path.replace(GENERIC, '')) : path;
}

function tells(actions: readonly string[]): boolean {
  return actions.every((action) => TELLING.test(action));
}
