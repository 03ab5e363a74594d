import { CreateModelPackageGroupInput, ListModelPackageGroupsInput } from '@aws-sdk/client-sagemaker';
import { ApiError, validationError } from '../api/api-error';
import { LISTING } from '../api/common-shapes';
import { page } from '../api/listing';
import { Operation, operation } from '../api/operation';
import { structure } from '../api/shapes';
import { saveTags } from '../api/tags';
import { Context, now } from '../system/context';
import { ModelPackageGroupRecord } from './records';
import { CREATE_GROUP, GROUP_NAME } from './requests';

const BY_NAME = structure({ 'ModelPackageGroupName!': GROUP_NAME });
type Named = { ModelPackageGroupName: string };

/** The operations on groups of model packages. */
export class ModelPackageGroups {
  readonly operations: Readonly<Record<string, Operation>> = {
    CreateModelPackageGroup: operation(CREATE_GROUP, (request: CreateModelPackageGroupInput) => this.create(request)),
    DescribeModelPackageGroup: operation(BY_NAME, ({ ModelPackageGroupName: name }: Named) => this.describe(name)),
    DeleteModelPackageGroup: operation(BY_NAME, ({ ModelPackageGroupName: name }: Named) => this.delete(name)),
    ListModelPackageGroups: operation(structure(LISTING), (request: ListModelPackageGroupsInput) => this.list(request)),
  };

  constructor(private readonly context: Context) {}

  /**
   * @param name The group's name, or its ARN.
   * @throws ApiError ValidationException when there is no such group.
   */
  find(name: string): ModelPackageGroupRecord {
    const record = this.context.state.modelPackageGroups[name.split('/').pop()!];
    if (record !== undefined) return record;
    throw validationError(`Model Package Group ${this.context.arn('model-package-group', name)} does not exist.`);
  }

  private create(request: CreateModelPackageGroupInput): object {
    const name = request.ModelPackageGroupName!;
    const arn = this.context.arn('model-package-group', name);
    if (this.context.state.modelPackageGroups[name] !== undefined)
      throw validationError(`Model Package Group already exists: ${arn}`);
    this.context.state.modelPackageGroups[name] = { arn, request, created: now(), versions: 0 };
    saveTags(this.context, arn, request.Tags);
    this.context.save();
    return { ModelPackageGroupArn: arn };
  }

  private describe(name: string): object {
    const { arn, created, request } = this.find(name);
    return {
      ModelPackageGroupName: request.ModelPackageGroupName,
      ModelPackageGroupArn: arn,
      ModelPackageGroupDescription: request.ModelPackageGroupDescription,
      CreationTime: created,
      ModelPackageGroupStatus: 'Completed',
    };
  }

  private delete(name: string): object {
    const { arn } = this.find(name);
    if (Object.values(this.context.state.modelPackages).some(({ group }) => group === name)) {
      throw new ApiError(
        'ConflictException',
        `Model Package Group ${arn} cannot be deleted because it still contains Model Packages.`,
      );
    }
    delete this.context.state.tags[arn];
    delete this.context.state.modelPackageGroups[name];
    this.context.save();
    return {};
  }

  private list(request: ListModelPackageGroupsInput): object {
    const entries = Object.entries(this.context.state.modelPackageGroups).map(([name, record]) => ({
      ...record,
      name,
    }));
    const { page: found, ...next } = page(entries, request);
    return {
      ModelPackageGroupSummaryList: found.map(({ name }) => this.describe(name)),
      ...next,
    };
  }
}
