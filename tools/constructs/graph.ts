import { Graph, joinAlike, Thing } from './join-alike';
import { verbOf } from './verbs';
import { references, Resource, StackTemplate, Statement } from './template';

/** What is drawn, by type; all else is part of something that is: roles, policies, logs. */
const SERVICES: Readonly<Record<string, string>> = {
  'AWS::S3::Bucket': 'S3',
  'AWS::KMS::Key': 'KMS',
  'AWS::StepFunctions::StateMachine': 'Step Functions',
  'AWS::Lambda::Function': 'Lambda',
  'AWS::Events::Rule': 'EventBridge',
  'AWS::Scheduler::Schedule': 'EventBridge',
  'AWS::SNS::Topic': 'SNS',
  'AWS::CloudWatch::Alarm': 'CloudWatch',
  'AWS::CloudWatch::Dashboard': 'CloudWatch',
  'AWS::SageMaker::Endpoint': 'SageMaker',
  'AWS::SageMaker::ModelPackageGroup': 'SageMaker',
  'AWS::ApplicationAutoScaling::ScalableTarget': 'Auto Scaling',
  'AWS::CodePipeline::Pipeline': 'CodePipeline',
  'AWS::CodeBuild::Project': 'CodeBuild',
};
const CUSTOM = /^(Custom::|AWS::CloudFormation::CustomResource$)/;
/** Words of a path that name the kind of thing, which the picture says already. */
const GENERIC = ['Resource', 'Default', 'Function', 'Handler', 'Machine', 'Bucket', 'Key', 'Topic', 'Pipeline'];
const TITLES: Readonly<Record<string, string>> = { 'AWS::SageMaker::ModelPackageGroup': 'Model versions' };
/** What state machines make by SageMaker's API, by the word in its name, and how the picture calls it. */
const MADE: Readonly<Record<string, string>> = {
  'training-job': 'Training jobs',
  'processing-job': 'Processing jobs',
  'endpoint-config': 'Endpoint',
  endpoint: 'Endpoint',
  model: 'Endpoint',
};

/** What a template makes, and who calls, reads and writes what. */
export function graphOf(template: StackTemplate): Graph {
  return new Drawing(template).graph();
}

class Drawing {
  private readonly things = new Map<string, Thing>();
  private readonly deeds = new Map<string, Set<string>>();
  /** Roles by who has them. */
  private readonly actors = new Map<string, string>();

  constructor(private readonly template: StackTemplate) {}

  graph(): Graph {
    for (const resource of this.template.resources) this.addThing(resource);
    for (const [roleId, actor] of this.actors) this.addDeedsOf(actor, roleId);
    this.addEvents();
    this.addUses();
    return joinAlike({
      things: [...this.things.values()],
      deeds: [...this.deeds].map(([key, verbs]) => {
        const [from, to] = key.split('>');
        return { from, to, verb: [...verbs].join(', ') };
      }),
    });
  }

  private addThing(resource: Resource): void {
    const { id, type, path, properties } = resource;
    const service = CUSTOM.test(type) ? 'CloudFormation' : SERVICES[type];
    const isFramework = path.includes('/framework-') || path.includes('waiter-state-machine');
    if (service === undefined || isFramework) return;
    this.things.set(id, { id, service, lines: [TITLES[type] ?? nameOf(path)] });
    const [role] = references(properties.Role ?? properties.RoleArn ?? properties.ServiceRole);
    if (role !== undefined) this.actors.set(role, id);
    if (service === 'CloudFormation') this.addFramework(resource);
  }

  /** What the CDK's framework calls, CloudFormation calls. */
  private addFramework({ id, properties }: Resource): void {
    const [entry] = references(properties.ServiceToken).map((one) => this.template.get(one)!);
    const folder = entry?.path.replace(/\/framework-[^/]+\/.*$/, '');
    for (const { path, properties: own } of this.template.ofType('AWS::Lambda::Function')) {
      if (!path.startsWith(`${folder}/framework-`)) continue;
      const [role] = references(own.Role);
      this.actors.set(role, id);
    }
  }

  private addDeedsOf(actor: string, roleId: string): void {
    const all = this.template.statementsOf(roleId);
    for (const statement of all) {
      for (const target of statement.resources) {
        const made = this.madeBySageMaker(target, statement);
        const known = references(target);
        const verb = verbOf(statement.actions);
        const to = made ?? known.find((id) => this.things.has(id)) ?? this.elsewhere(statement, known);
        if (statement.actions.includes('sts:AssumeRole')) for (const role of known) this.addDeedsOf(actor, role);
        if (to !== undefined && verb !== undefined) this.addDeed(actor, to, verb);
      }
    }
    this.addServiceRoles(all);
  }

  /** Jobs and endpoints that are no resources of the template, because builds and releases make them. */
  private madeBySageMaker(target: unknown, { actions }: Statement): string | undefined {
    if (!actions.some((action) => action.startsWith('sagemaker:'))) return undefined;
    const owned = this.template.ofType('AWS::SageMaker::Endpoint');
    const [group] = this.template.ofType('AWS::SageMaker::ModelPackageGroup');
    const word = /:sagemaker:\{Region\}:\{AccountId\}:([a-z-]+)\//.exec(this.template.inWords(target))?.[1];
    if (word?.startsWith('model-package') && group !== undefined) return group.id;
    if (word === undefined || MADE[word] === undefined) return undefined;
    if (MADE[word] === 'Endpoint' && owned.length > 0) return owned[0].id;
    return this.addMade(MADE[word]);
  }

  private addMade(name: string): string {
    this.things.set(name, { id: name, service: 'SageMaker', lines: [name] });
    return name;
  }

  /** A machine that is started and is no resource of the template is one of a stack that is deployed. */
  private elsewhere({ actions }: Statement, known: readonly string[]): string | undefined {
    if (!actions.includes('states:StartExecution') || known.length > 0) return undefined;
    const id = 'Delivery machines of the stages';
    this.things.set(id, { id, service: 'Step Functions', lines: [id] });
    return id;
  }

  /** A role that is passed to SageMaker acts for what is made with it. */
  private addServiceRoles(all: readonly Statement[]): void {
    const passed = all.filter(({ actions }) => actions.includes('iam:PassRole')).flatMap((one) => one.resources);
    for (const role of new Set(passed.flatMap(references))) {
      const path = this.template.get(role)?.path ?? '';
      const creates = all
        .flatMap(({ actions }) => actions)
        .filter((action) => /^sagemaker:Create(?!Trial)/.test(action));
      const words = creates.map((action) => action.replace('sagemaker:Create', ''));
      const name = words.includes('Model')
        ? 'Endpoint'
        : /Evaluation/.test(path)
          ? 'Processing jobs'
          : words.includes('TrainingJob')
            ? 'Training jobs'
            : undefined;
      if (name !== undefined && !this.actors.has(role)) this.addReadsOf(this.addMade(name), role);
    }
  }

  private addReadsOf(actor: string, roleId: string): void {
    for (const { actions, resources } of this.template.statementsOf(roleId)) {
      const verb = verbOf(actions);
      const to = resources.flatMap(references).find((id) => this.things.has(id));
      if (verb !== undefined && to !== undefined) this.addDeed(actor, to, verb);
    }
  }

  private addEvents(): void {
    for (const { id, properties } of this.template.ofType('AWS::Events::Rule')) {
      for (const from of this.sources(properties.EventPattern)) this.addDeed(from, id, 'tells');
      for (const to of references(properties.Targets)) if (this.things.has(to)) this.addDeed(id, to, 'starts');
    }
    for (const { id, properties } of this.template.ofType('AWS::Scheduler::Schedule')) {
      const { Arn } = properties.Target as { Arn: unknown };
      for (const to of references(Arn)) this.addDeed(id, to, 'starts');
    }
  }

  private sources(pattern: unknown): string[] {
    const known = references(pattern).filter((id) => this.things.has(id));
    const [registry] = this.template.ofType('AWS::SageMaker::ModelPackageGroup');
    const isOfRegistry = JSON.stringify(pattern ?? {}).includes('Model Package');
    return known.length === 0 && isOfRegistry && registry !== undefined ? [registry.id] : known;
  }

  private addUses(): void {
    const { template } = this;
    for (const { id, properties } of template.ofType('AWS::CloudWatch::Alarm')) {
      const watched = [...this.things.values()].find(
        ({ service, lines }) => service === 'SageMaker' && lines[0] === 'Endpoint',
      );
      if (watched !== undefined && JSON.stringify(properties).includes('AWS/SageMaker')) {
        this.addDeed(watched.id, id, 'rings');
      }
      for (const to of references(properties.AlarmActions)) if (this.things.has(to)) this.addDeed(id, to, 'tells');
    }
    for (const { id, properties } of template.ofType('AWS::S3::Bucket')) {
      for (const to of references(properties.LoggingConfiguration)) this.addDeed(id, to, 'logs access');
      for (const key of references(properties.BucketEncryption)) this.addDeed(key, id, 'encrypts');
    }
    for (const { properties } of template.ofType('AWS::SageMaker::Model')) {
      const [endpoint] = template.ofType('AWS::SageMaker::Endpoint');
      for (const role of references(properties.ExecutionRoleArn)) this.addReadsOf(endpoint.id, role);
    }
    for (const { id } of template.ofType('AWS::ApplicationAutoScaling::ScalableTarget')) {
      for (const endpoint of template.ofType('AWS::SageMaker::Endpoint')) this.addDeed(id, endpoint.id, 'scales');
    }
  }

  private addDeed(from: string, to: string, verb: string): void {
    if (from === to) return;
    const key = `${from}>${to}`;
    this.deeds.set(key, (this.deeds.get(key) ?? new Set()).add(verb));
  }
}

function nameOf(path: string): string {
  const words = path.split('/');
  while (words.length > 1 && GENERIC.includes(words.at(-1)!)) words.pop();
  return words.at(-1)!;
}
