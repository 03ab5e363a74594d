import {
  DescribeModelPackageCommand,
  ModelApprovalStatus,
  ModelPackageSummary,
  paginateListModelPackages,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { buildOf, describedBuild } from './package-request';

/** A version in the registry. */
export interface FoundPackage {
  readonly arn: string;
  readonly number: number;
  /** When it was changed last, as by a person's decision. */
  readonly modified: Date;
  /** Address of its artifact, ending in `/`. */
  readonly artifact: string | undefined;
  readonly approval: ModelApprovalStatus | undefined;
  /** What was noted on it: see `packageRequest`. */
  readonly notes: Readonly<Record<string, string>>;
}

/** So many of those that a person has to decide on, or has decided on, are looked at, the newest first. */
const MOST_VERSIONS = 20;

/** The newest version of a group that holds this artifact. */
export async function findPackage(
  client: SageMakerClient,
  group: string,
  artifact: string,
): Promise<FoundPackage | undefined> {
  return find(client, group, artifact);
}

/** The version that holds this artifact and that nobody has decided on. */
export async function pendingPackageOf(
  client: SageMakerClient,
  group: string,
  artifact: string,
): Promise<FoundPackage | undefined> {
  const found = await find(client, group, artifact, 'PendingManualApproval');
  return found?.approval === 'PendingManualApproval' ? found : undefined;
}

async function find(
  client: SageMakerClient,
  group: string,
  artifact: string,
  status?: ModelApprovalStatus,
): Promise<FoundPackage | undefined> {
  const described = describedBuild(buildOf(artifact));
  for await (const { ModelPackageArn, ModelPackageDescription = '' } of list(client, group, status)) {
    // Only the description of a version stands in the list, and a group may have thousands.
    if (!ModelPackageDescription.startsWith(described)) continue;
    const found = await describe(client, ModelPackageArn!);
    if (found?.artifact === artifact) return found;
  }
  return undefined;
}

/** Versions of a group that a person is to decide on, or has approved, the newest first. */
export async function* newestPackages(
  client: SageMakerClient,
  group: string,
  approval: ModelApprovalStatus,
): AsyncGenerator<FoundPackage> {
  let seen = 0;
  for await (const { ModelPackageArn } of list(client, group, approval)) {
    if (++seen > MOST_VERSIONS) return;
    const found = await describe(client, ModelPackageArn!);
    if (found?.approval === approval) yield found;
  }
}

async function* list(
  client: SageMakerClient,
  ModelPackageGroupName: string,
  ModelApprovalStatus?: ModelApprovalStatus,
): AsyncGenerator<ModelPackageSummary> {
  const order = { SortBy: 'CreationTime', SortOrder: 'Descending' } as const;
  const wanted = { ModelPackageGroupName, ModelApprovalStatus, ...order };
  for await (const page of paginateListModelPackages({ client, pageSize: 100 }, wanted))
    yield* page.ModelPackageSummaryList ?? [];
}

/** Undefined when it was deleted meanwhile. */
async function describe(client: SageMakerClient, arn: string): Promise<FoundPackage | undefined> {
  try {
    const found = await client.send(new DescribeModelPackageCommand({ ModelPackageName: arn }));
    return {
      arn,
      number: found.ModelPackageVersion!,
      modified: (found.LastModifiedTime ?? found.CreationTime)!,
      artifact: found.InferenceSpecification?.Containers?.[0]?.ModelDataSource?.S3DataSource?.S3Uri,
      approval: found.ModelApprovalStatus,
      notes: found.CustomerMetadataProperties ?? {},
    };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Whether SageMaker says that a model package, or its group, is not there. */
export function isGone(error: unknown): boolean {
  return /does not exist/i.test((error as Error).message);
}
