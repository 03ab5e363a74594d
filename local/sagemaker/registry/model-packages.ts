import {
  CreateModelPackageInput,
  ListModelPackagesInput,
  ModelPackageContainerDefinition,
  UpdateModelPackageInput,
} from '@aws-sdk/client-sagemaker';
import { validationError } from '../api/api-error';
import { page } from '../api/listing';
import { Operation, operation } from '../api/operation';
import { structure } from '../api/shapes';
import { Context, now } from '../system/context';
import { describePackage } from './describe-package';
import { ModelPackageGroups } from './model-package-groups';
import { tellOfPackage } from './package-events';
import { ModelPackageRecord } from './records';
import { CREATE_PACKAGE, LIST_PACKAGES, PACKAGE_ARN, UPDATE_PACKAGE } from './requests';

const BY_ARN = structure({ 'ModelPackageName!': PACKAGE_ARN });
type Named = { ModelPackageName: string };

/** The operations on versions in groups. Packages without a group, which come from the marketplace, are not emulated. */
export class ModelPackages {
  readonly operations: Readonly<Record<string, Operation>> = {
    CreateModelPackage: operation(CREATE_PACKAGE, (request: CreateModelPackageInput) => this.create(request)),
    DescribeModelPackage: operation(BY_ARN, ({ ModelPackageName: arn }: Named) => describePackage(this.find(arn))),
    UpdateModelPackage: operation(UPDATE_PACKAGE, (request: UpdateModelPackageInput) => this.update(request)),
    DeleteModelPackage: operation(BY_ARN, ({ ModelPackageName: arn }: Named) => this.delete(arn)),
    ListModelPackages: operation(LIST_PACKAGES, (request: ListModelPackagesInput) => this.list(request)),
  };

  private telling: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: Context,
    private readonly groups: ModelPackageGroups,
  ) {}

  /** Waits until every event is on its way. */
  close(): Promise<void> {
    return this.telling;
  }

  private async create(request: CreateModelPackageInput): Promise<object> {
    if (request.ModelPackageGroupName === undefined || request.ModelPackageName !== undefined) {
      throw validationError(
        'A package without a group cannot be emulated on this machine; give ModelPackageGroupName, and no ModelPackageName.',
      );
    }
    if (request.Tags !== undefined)
      throw validationError('Tags are not supported for a model package in a group; tag the group.');
    const containers = request.InferenceSpecification?.Containers;
    if (containers === undefined) throw validationError('A model package needs an InferenceSpecification.');
    for (const container of containers) await this.checkContainer(container);
    const group = this.groups.find(request.ModelPackageGroupName);
    const name = group.request.ModelPackageGroupName!;
    const same = Object.values(this.context.state.modelPackages).find(
      (record) =>
        record.group === name &&
        record.request.ClientToken !== undefined &&
        record.request.ClientToken === request.ClientToken,
    );
    if (same !== undefined) return { ModelPackageArn: same.arn };
    const version = ++group.versions;
    const arn = this.context.arn('model-package', `${name}/${version}`);
    const record: ModelPackageRecord = {
      arn,
      group: name,
      version,
      request,
      created: now(),
      modified: now(),
      approval: request.ModelApprovalStatus ?? 'PendingManualApproval',
      metadata: request.CustomerMetadataProperties ?? {},
    };
    this.context.state.modelPackages[arn] = record;
    this.context.save();
    this.tell(record);
    return { ModelPackageArn: arn };
  }

  private async checkContainer(container: ModelPackageContainerDefinition): Promise<void> {
    if (container.Image === undefined) throw validationError('A container of a model package needs an Image.');
    const source = container.ModelDataSource?.S3DataSource;
    if ((source === undefined) === (container.ModelDataUrl === undefined))
      throw validationError('You must specify exactly one of ModelDataUrl and ModelDataSource.');
    if (source?.S3DataType === 'S3Prefix' && !source.S3Uri!.endsWith('/')) {
      throw validationError(
        `S3Uri must end with a forward slash ("/") when S3DataType is S3Prefix, received: ${source.S3Uri}`,
      );
    }
    const uri = source?.S3Uri ?? container.ModelDataUrl!;
    if (!(await this.context.s3.exists(uri))) throw validationError(`Could not find model data at ${uri}.`);
  }

  private update(request: UpdateModelPackageInput): object {
    const record = this.find(request.ModelPackageArn!);
    record.approval = request.ModelApprovalStatus ?? record.approval;
    record.approvalDescription = request.ApprovalDescription ?? record.approvalDescription;
    record.metadata = { ...record.metadata, ...request.CustomerMetadataProperties };
    for (const key of request.CustomerMetadataPropertiesToRemove ?? []) delete record.metadata[key];
    record.modified = now();
    this.context.save();
    this.tell(record, changedFields(request));
    return { ModelPackageArn: record.arn };
  }

  private delete(arn: string): object {
    delete this.context.state.modelPackages[this.find(arn).arn];
    this.context.save();
    return {};
  }

  private list(request: ListModelPackagesInput): object {
    const { ModelPackageGroupName: given, ModelApprovalStatus: approval } = request;
    const group = given === undefined ? undefined : this.groups.find(given).request.ModelPackageGroupName;
    const entries = Object.values(this.context.state.modelPackages)
      .filter((record) => group === undefined || record.group === group)
      .filter((record) => approval === undefined || record.approval === approval)
      .map((record) => ({ ...record, name: record.arn }));
    const { page: found, ...next } = page(entries, request);
    return {
      ModelPackageSummaryList: found.map((record) => ({
        ModelPackageGroupName: record.group,
        ModelPackageVersion: record.version,
        ModelPackageArn: record.arn,
        ModelPackageDescription: record.request.ModelPackageDescription,
        CreationTime: record.created,
        ModelPackageStatus: 'Completed',
        ModelApprovalStatus: record.approval,
      })),
      ...next,
    };
  }

  private find(arn: string): ModelPackageRecord {
    const record = this.context.state.modelPackages[arn];
    if (record === undefined) throw validationError(`ModelPackage ${arn} does not exist.`);
    return record;
  }

  private tell(record: ModelPackageRecord, changed: readonly string[] = []): void {
    const told = structuredClone(record);
    this.telling = this.telling
      .then(() => tellOfPackage(this.context.events, told, changed))
      .catch((error: Error) => this.context.log(`EventBridge was not told of ${told.arn}: ${error.message}`));
  }
}

/** As events name them. */
function changedFields(request: UpdateModelPackageInput): string[] {
  const { ModelApprovalStatus, ApprovalDescription, CustomerMetadataProperties: set } = request;
  const fields = {
    ModelApprovalStatus,
    ApprovalDescription,
    CustomerMetadataProperties: set ?? request.CustomerMetadataPropertiesToRemove,
  };
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}
