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
  /** Address of its artifact, ending in `/`. */
  readonly artifact: string | undefined;
  readonly approval: ModelApprovalStatus | undefined;
  /** What was noted on it: see `packageRequest`. */
  readonly notes: Readonly<Record<string, string>>;
}

/** So many of those that wait for a person are looked at, the newest first. */
const MOST_PENDING = 20;

/** The newest version of a group that holds this artifact. */
export async function findPackage(
  client: SageMakerClient,
  group: string,
  artifact: string,
): Promise<FoundPackage | undefined> {
  const described = describedBuild(buildOf(artifact));
  for await (const { ModelPackageArn, ModelPackageDescription = '' } of list(client, group)) {
    // Only the description of a version stands in the list, and a group may have thousands.
    if (!ModelPackageDescription.startsWith(described)) continue;
    const found = await describe(client, ModelPackageArn!);
    if (found?.artifact === artifact) return found;
  }
  return undefined;
}

/** Versions of a group that nobody has decided on, the newest first. */
export async function* pendingPackages(client: SageMakerClient, group: string): AsyncGenerator<FoundPackage> {
  let seen = 0;
  for await (const { ModelPackageArn } of list(client, group, 'PendingManualApproval')) {
    if (++seen > MOST_PENDING) return;
    const found = await describe(client, ModelPackageArn!);
    if (found?.approval === 'PendingManualApproval') yield found;
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
