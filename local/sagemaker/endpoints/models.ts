import { ContainerDefinition, CreateModelInput, ListModelsInput } from '@aws-sdk/client-sagemaker';
import { validationError } from '../api/api-error';
import { LISTING, NAME } from '../api/common-shapes';
import { page } from '../api/listing';
import { Operation, operation } from '../api/operation';
import { structure } from '../api/shapes';
import { saveTags } from '../api/tags';
import { withoutTags } from '../api/without-tags';
import { Context, now } from '../system/context';
import { ModelRecord } from './records';
import { CREATE_MODEL } from './requests';

const BY_NAME = structure({ 'ModelName!': NAME });

/** The model operations. */
export class Models {
  readonly operations: Readonly<Record<string, Operation>> = {
    CreateModel: operation(CREATE_MODEL, (request: CreateModelInput) => this.create(request)),
    DescribeModel: operation(BY_NAME, (request: { ModelName: string }) => this.describe(request.ModelName)),
    DeleteModel: operation(BY_NAME, (request: { ModelName: string }) => this.delete(request.ModelName)),
    ListModels: operation(structure(LISTING), (request: ListModelsInput) => this.list(request)),
  };

  constructor(private readonly context: Context) {}

  /** @throws ApiError ValidationException when there is no such model. */
  find(name: string): ModelRecord {
    const record = this.context.state.models[name];
    if (record === undefined) throw validationError(`Could not find model "${this.context.arn('model', name)}".`);
    return record;
  }

  private async create(request: CreateModelInput): Promise<object> {
    const arn = this.context.arn('model', request.ModelName!);
    this.refuseTaken(request.ModelName!, arn);
    if ((request.PrimaryContainer === undefined) === (request.Containers === undefined)) {
      throw validationError('You must specify exactly one of PrimaryContainer and Containers.');
    }
    for (const container of containersOf(request)) await this.checkContainer(container);
    this.refuseTaken(request.ModelName!, arn);
    this.context.state.models[request.ModelName!] = { arn, request, created: now() };
    saveTags(this.context, arn, request.Tags);
    this.context.save();
    return { ModelArn: arn };
  }

  private refuseTaken(name: string, arn: string): void {
    if (this.context.state.models[name] !== undefined)
      throw validationError(`Cannot create already existing model "${arn}".`);
  }

  private async checkContainer(container: ContainerDefinition): Promise<void> {
    if (container.Image === undefined) throw validationError('A container needs an Image.');
    const source = container.ModelDataSource?.S3DataSource;
    if (source !== undefined && container.ModelDataUrl !== undefined) {
      throw validationError('You cannot specify both ModelDataUrl and ModelDataSource.');
    }
    if (source?.S3DataType === 'S3Prefix' && !source.S3Uri!.endsWith('/')) {
      throw validationError(
        `S3Uri must end with a forward slash ("/") when S3DataType is S3Prefix, received: ${source.S3Uri}`,
      );
    }
    const uri = source?.S3Uri ?? container.ModelDataUrl;
    if (uri !== undefined && !(await this.context.s3.exists(uri)))
      throw validationError(`Could not find model data at ${uri}.`);
  }

  private describe(name: string): object {
    const { arn, created, request } = this.find(name);
    const rest = withoutTags(request);
    return { EnableNetworkIsolation: false, ...rest, ModelArn: arn, CreationTime: created };
  }

  private delete(name: string): object {
    delete this.context.state.tags[this.find(name).arn];
    delete this.context.state.models[name];
    this.context.save();
    return {};
  }

  private list(request: ListModelsInput): object {
    const { page: found, ...next } = page(
      Object.entries(this.context.state.models).map(([name, record]) => ({ ...record, name })),
      request,
    );
    return {
      Models: found.map((record) => ({ ModelName: record.name, ModelArn: record.arn, CreationTime: record.created })),
      ...next,
    };
  }
}

/** The containers of a model, one or several. */
export function containersOf(request: CreateModelInput): ContainerDefinition[] {
  return request.Containers ?? (request.PrimaryContainer === undefined ? [] : [request.PrimaryContainer]);
}
