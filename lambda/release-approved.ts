import {
  DescribeModelPackageCommand,
  DescribeModelPackageCommandOutput,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { isGone } from './registry/find-packages';
import { variable } from './support/environment';
import { fields, text } from './support/fields';

const sageMaker = new SageMakerClient({ maxAttempts: 8 });
const states = new SFNClient({ maxAttempts: 8 });

/**
 * Starts the release of a model package that was approved; called by EventBridge. Events may come late and more than
 * once, so what counts is the package as it is now, and the execution is named after its version and the time of the
 * change that the event tells of: the same approval starts one release. SageMaker tells of every other change of an
 * approved package in the same way, except for the fields that it names as changed.
 *
 * Source: Amazon SageMaker AI Developer Guide, "Events that Amazon SageMaker AI sends to Amazon EventBridge".
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<{ started?: string }> {
  const detail = fields(event, 'detail');
  const ModelPackageName = text(detail, 'ModelPackageArn');
  const { UpdatedModelPackageFields: changed } = detail;
  if (Array.isArray(changed) && !changed.includes('ModelApprovalStatus')) {
    console.log(`${ModelPackageName} was changed, and not approved: ${changed.join(', ')}; nothing is released`);
    return {};
  }
  const found = await describe(ModelPackageName);
  if (found === undefined) {
    console.log(`${ModelPackageName} was deleted meanwhile; nothing is released`);
    return {};
  }
  if (found.ModelApprovalStatus !== 'Approved') {
    console.log(`${ModelPackageName} is ${found.ModelApprovalStatus} by now; nothing is released`);
    return {};
  }
  const artifact = found.InferenceSpecification?.Containers?.[0]?.ModelDataSource?.S3DataSource?.S3Uri;
  const build = found.CustomerMetadataProperties?.build;
  if (artifact === undefined || build === undefined)
    throw new Error(`${ModelPackageName} was not registered by this pipeline: it lacks an artifact or a build`);
  // The package's own time is a later one where it was annotated since.
  const approved = timeOf(detail) ?? (found.LastModifiedTime ?? found.CreationTime)!;
  const name = `package-${found.ModelPackageVersion}-${approved.getTime()}`;
  try {
    await states.send(
      new StartExecutionCommand({
        stateMachineArn: variable('RELEASE_MACHINE_ARN'),
        name,
        input: JSON.stringify({ build, artifact, modelPackage: ModelPackageName }),
      }),
    );
  } catch (error) {
    if ((error as Error).name !== 'ExecutionAlreadyExists') throw error;
  }
  return { started: name };
}

/** When what the event tells of was changed; undefined where it does not say. */
function timeOf({ LastModifiedTime: time }: Readonly<Record<string, unknown>>): Date | undefined {
  const parsed = new Date(typeof time === 'string' ? time : NaN);
  return Number.isNaN(parsed.getTime()) ? undefined : parsed;
}

/** Undefined when it was deleted: there is nothing to start, and trying again would not bring it back. */
async function describe(ModelPackageName: string): Promise<DescribeModelPackageCommandOutput | undefined> {
  try {
    return await sageMaker.send(new DescribeModelPackageCommand({ ModelPackageName }));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
