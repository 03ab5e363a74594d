import * as SageMaker from '@aws-sdk/client-sagemaker';

const ACCOUNT = 'arn:aws:sagemaker:us-east-1:111122223333';

/** What SageMaker takes as a description. */
const DESCRIPTION = /^[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]{0,1024}$/u;

/** How often an endpoint has to be looked at until a change of it is over. */
const LOOKS = 2;

interface Endpoint {
  status: SageMaker.EndpointStatus;
  config: string;
  reason?: string;
  change?: { readonly to: string; looks: number };
}

interface Package {
  readonly request: SageMaker.CreateModelPackageCommandInput;
  readonly version: number;
  approval: SageMaker.ModelApprovalStatus;
  /** Why it was decided so. */
  because?: string;
  modified: number;
  notes: Record<string, string>;
}

interface Job {
  readonly request: SageMaker.CreateTrainingJobCommandInput;
  status: SageMaker.TrainingJobStatus;
  /** Address of the model. */
  readonly output: string;
}

/** A change that somebody asked of an endpoint. */
export interface Change {
  readonly by: string;
  readonly operation: string;
  readonly config?: string;
}

/**
 * As much of SageMaker as the functions use, in memory. Artifacts with `crash` in their names do not start; endpoints
 * that were in service go back then. Names are taken, missing and in use as they are on AWS.
 */
export class SageMakerModel {
  readonly models = new Map<string, SageMaker.CreateModelCommandInput>();
  readonly configs = new Map<string, SageMaker.CreateEndpointConfigCommandInput>();
  readonly endpoints = new Map<string, Endpoint>();
  readonly packages = new Map<string, Package>();
  readonly jobs = new Map<string, Job>();
  /** Every change of an endpoint that was accepted, in order. */
  readonly changes: Change[] = [];
  private time = Date.now();

  /** @param by who makes the call that is being answered */
  constructor(private readonly by: () => string) {}

  copy(other: SageMakerModel): void {
    for (const kind of ['models', 'configs', 'endpoints', 'packages', 'jobs'] as const) {
      const own = this[kind] as Map<string, object>;
      for (const [name, held] of other[kind]) own.set(name, structuredClone(held));
    }
    this.time = other.time;
  }

  send(name: string, input: object): object {
    const operation = this.operations[name];
    if (operation === undefined) throw new Error(`the model of SageMaker has no ${name}`);
    return operation(input as never);
  }

  /** Address of the artifact that an endpoint serves. */
  served(endpoint: string): string | undefined {
    const found = this.endpoints.get(endpoint);
    return found?.status === 'InService' ? this.artifactOf(found.config) : undefined;
  }

  private readonly operations: Readonly<Record<string, (input: never) => object>> = {
    CreateModel: (input: SageMaker.CreateModelCommandInput) => {
      if (this.models.has(input.ModelName!)) throw invalid('Cannot create already existing model');
      this.models.set(input.ModelName!, input);
      return {};
    },
    DescribeModel: ({ ModelName }: SageMaker.DescribeModelCommandInput) => find(this.models, ModelName),
    DeleteModel: ({ ModelName }: SageMaker.DeleteModelCommandInput) => remove(this.models, ModelName),
    ListModels: ({ NameContains = '' }: SageMaker.ListModelsCommandInput) => ({
      Models: [...this.models.keys()]
        .filter((name) => name.includes(NameContains))
        .map((ModelName) => ({ ModelName, ModelArn: `${ACCOUNT}:model/${ModelName}` })),
    }),
    CreateEndpointConfig: (input: SageMaker.CreateEndpointConfigCommandInput) => {
      if (this.configs.has(input.EndpointConfigName!)) throw invalid('Cannot create already existing endpoint config');
      this.configs.set(input.EndpointConfigName!, input);
      return {};
    },
    DescribeEndpointConfig: ({ EndpointConfigName }: SageMaker.DescribeEndpointConfigCommandInput) =>
      find(this.configs, EndpointConfigName),
    DeleteEndpointConfig: ({ EndpointConfigName: name }: SageMaker.DeleteEndpointConfigCommandInput) => {
      const users = [...this.endpoints.values()].filter(({ config, change }) => [config, change?.to].includes(name));
      if (users.length > 0) throw new Error(`the config ${name} is deleted while it is in use`);
      return remove(this.configs, name);
    },
    ListEndpointConfigs: ({ NameContains = '' }: SageMaker.ListEndpointConfigsCommandInput) => ({
      EndpointConfigs: [...this.configs.keys()]
        .filter((name) => name.includes(NameContains))
        .reverse()
        .map((name) => ({ EndpointConfigName: name, EndpointConfigArn: `${ACCOUNT}:endpoint-config/${name}` })),
    }),
    CreateEndpoint: ({ EndpointName: name, EndpointConfigName: to }: SageMaker.CreateEndpointCommandInput) => {
      if (this.endpoints.has(name!)) throw invalid('Cannot create already existing endpoint');
      find(this.configs, to);
      this.note('CreateEndpoint', to);
      this.endpoints.set(name!, { status: 'Creating', config: to!, change: { to: to!, looks: LOOKS } });
      return {};
    },
    UpdateEndpoint: ({ EndpointName: name, EndpointConfigName: to }: SageMaker.UpdateEndpointCommandInput) => {
      const endpoint = find(this.endpoints, name);
      if (endpoint.change !== undefined) throw invalid('Cannot update in-progress endpoint');
      find(this.configs, to);
      this.note('UpdateEndpoint', to);
      Object.assign(endpoint, { status: 'Updating', change: { to, looks: LOOKS } });
      return {};
    },
    DeleteEndpoint: ({ EndpointName: name }: SageMaker.DeleteEndpointCommandInput) => {
      if (find(this.endpoints, name).change !== undefined) throw invalid('Cannot delete in-progress endpoint');
      this.note('DeleteEndpoint');
      return remove(this.endpoints, name);
    },
    DescribeEndpoint: ({ EndpointName }: SageMaker.DescribeEndpointCommandInput) => {
      const endpoint = find(this.endpoints, EndpointName);
      const seen = {
        EndpointName,
        EndpointStatus: endpoint.status,
        EndpointConfigName: endpoint.config,
        FailureReason: endpoint.reason,
      };
      if (endpoint.change !== undefined && --endpoint.change.looks === 0) this.settle(endpoint, endpoint.change.to);
      return seen;
    },
    ListTags: ({ ResourceArn = '' }: SageMaker.ListTagsCommandInput) => {
      const name = ResourceArn.slice(ResourceArn.indexOf('/') + 1);
      const held = ResourceArn.includes(':training-job/')
        ? find(this.jobs, name).request
        : find<{ Tags?: SageMaker.Tag[] }>(ResourceArn.includes(':model/') ? this.models : this.configs, name);
      return { Tags: held.Tags ?? [] };
    },
    CreateTrainingJob: (request: SageMaker.CreateTrainingJobCommandInput) => {
      const name = request.TrainingJobName!;
      if (this.jobs.has(name)) throw invalid('Training job names must be unique');
      const output = `${request.OutputDataConfig!.S3OutputPath!}${name}/output/model/`;
      this.jobs.set(name, { request, status: 'InProgress', output });
      return {};
    },
    DescribeTrainingJob: ({ TrainingJobName: name }: SageMaker.DescribeTrainingJobCommandInput) => {
      const { status, output } = find(this.jobs, name);
      return {
        TrainingJobName: name,
        TrainingJobArn: `${ACCOUNT}:training-job/${name}`,
        TrainingJobStatus: status,
        ModelArtifacts: { S3ModelArtifacts: output },
      };
    },
    ListTrainingJobs: ({ NameContains = '' }: SageMaker.ListTrainingJobsCommandInput) => ({
      TrainingJobSummaries: [...this.jobs]
        .filter(([name]) => name.includes(NameContains))
        .reverse()
        .map(([name, { status }]) => ({
          TrainingJobName: name,
          TrainingJobArn: `${ACCOUNT}:training-job/${name}`,
          TrainingJobStatus: status,
        })),
    }),
    CreateModelPackage: (request: SageMaker.CreateModelPackageCommandInput) => {
      const same = [...this.packages].find(([, held]) => held.request.ClientToken === request.ClientToken);
      if (same !== undefined) return { ModelPackageArn: same[0] };
      const version = this.packages.size + 1;
      const arn = `${ACCOUNT}:model-package/${request.ModelPackageGroupName}/${version}`;
      this.packages.set(arn, {
        request,
        version,
        approval: request.ModelApprovalStatus!,
        modified: (this.time += 1000),
        notes: { ...request.CustomerMetadataProperties },
      });
      return { ModelPackageArn: arn };
    },
    DescribeModelPackage: ({ ModelPackageName: arn }: SageMaker.DescribeModelPackageCommandInput) => {
      const held = this.packages.get(arn!);
      if (held === undefined) throw invalid(`ModelPackage ${arn} does not exist.`);
      const { request, version, approval, modified, notes } = held;
      return {
        ...request,
        ModelPackageArn: arn,
        ModelPackageVersion: version,
        ModelApprovalStatus: approval,
        LastModifiedTime: new Date(modified),
        CustomerMetadataProperties: notes,
      };
    },
    ListModelPackages: ({
      ModelPackageGroupName: group,
      ModelApprovalStatus: status,
    }: SageMaker.ListModelPackagesCommandInput) => ({
      ModelPackageSummaryList: [...this.packages]
        .filter(([, { request }]) => request.ModelPackageGroupName === group)
        .filter(([, { approval }]) => status === undefined || approval === status)
        .reverse()
        .map(([ModelPackageArn, { request, approval }]) => ({
          ModelPackageArn,
          ModelPackageDescription: request.ModelPackageDescription,
          ModelApprovalStatus: approval,
        })),
    }),
    UpdateModelPackage: (input: SageMaker.UpdateModelPackageCommandInput) => {
      const held = this.packages.get(input.ModelPackageArn!);
      if (held === undefined) throw invalid(`ModelPackage ${input.ModelPackageArn} does not exist.`);
      if (!DESCRIPTION.test(input.ApprovalDescription ?? ''))
        throw invalid(`ApprovalDescription is not valid: ${input.ApprovalDescription}`);
      held.approval = input.ModelApprovalStatus ?? held.approval;
      held.because = input.ApprovalDescription ?? held.because;
      Object.assign(held.notes, input.CustomerMetadataProperties);
      held.modified = this.time += 1000;
      return { ModelPackageArn: input.ModelPackageArn };
    },
    DeleteModelPackage: ({ ModelPackageName: arn }: SageMaker.DeleteModelPackageCommandInput) => {
      this.packages.delete(arn!);
      return {};
    },
  };

  /** Address of the artifact that gets copies of an endpoint's requests. */
  shadowed(endpoint: string): string | undefined {
    const found = this.endpoints.get(endpoint);
    return found === undefined ? undefined : this.artifactsOf(found.config)[1];
  }

  private artifactOf(config: string): string {
    return this.artifactsOf(config)[0];
  }

  private artifactsOf(config: string): string[] {
    const { ProductionVariants = [], ShadowProductionVariants = [] } = find(this.configs, config);
    return [...ProductionVariants, ...ShadowProductionVariants].map(
      ({ ModelName }) => find(this.models, ModelName).PrimaryContainer!.ModelDataSource!.S3DataSource!.S3Uri!,
    );
  }

  private settle(endpoint: Endpoint, to: string): void {
    const starts = this.artifactsOf(to).every((artifact) => !artifact.includes('crash'));
    const wasThere = endpoint.status === 'Updating';
    endpoint.change = undefined;
    endpoint.reason = starts ? undefined : 'the container did not pass its health check';
    endpoint.status = starts || wasThere ? 'InService' : 'Failed';
    if (starts) endpoint.config = to;
  }

  private note(operation: string, config?: string): void {
    this.changes.push({ by: this.by(), operation, config });
  }
}

function find<T>(held: ReadonlyMap<string, T>, name: string | undefined): T {
  const found = held.get(name!);
  if (found === undefined) throw invalid(`Could not find "${name}".`);
  return found;
}

function remove(held: Map<string, unknown>, name: string | undefined): object {
  find(held, name);
  held.delete(name!);
  return {};
}

function invalid(message: string): Error {
  return new SageMaker.SageMakerServiceException({
    name: 'ValidationException',
    $fault: 'client',
    $metadata: { httpStatusCode: 400 },
    message,
  });
}
