import {
  DescribeTrainingJobCommand,
  ListTagsCommand,
  paginateListTrainingJobs,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { TRAINING_TAG } from '../../lib/private/tags';
import { isMissing } from '../release/release-errors';

/** How many of a model's jobs are looked through, newest first, for one that was trained with certain inputs. */
const MOST_JOBS = 100;

interface Place {
  readonly client: SageMakerClient;
  readonly bucket: string;
  readonly modelName: string;
}

export interface FoundTraining {
  readonly jobName: string;
  /** Address of the model; undefined while the job runs. */
  readonly source?: string;
}

/** Name of the job that made a raw model; undefined when none of this pipeline's did, so it was put there. */
export function jobOf({ bucket, modelName }: Omit<Place, 'client'>, source: string): string | undefined {
  const place = `s3://${bucket}/raw/${modelName}/`;
  if (!source.startsWith(place)) return undefined;
  // SageMaker's layout below the path that a job was given: <build>/<job>/output/model/.
  const [, jobName, output] = source.slice(place.length).split('/');
  return output === 'output' ? jobName : undefined;
}

/** Digest of the training that made a raw model; undefined when none of this pipeline's did, so it was put there. */
export async function trainingOf(place: Place, source: string): Promise<string | undefined> {
  const jobName = jobOf(place, source);
  if (jobName === undefined) return undefined;
  const { client } = place;
  try {
    const job = await client.send(new DescribeTrainingJobCommand({ TrainingJobName: jobName }));
    return await tagOf(client, job.TrainingJobArn!);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The newest job with these inputs that has completed, or else one that is under way. */
export async function findTraining(place: Place & { readonly training: string }): Promise<FoundTraining | undefined> {
  const { client, bucket, modelName, training } = place;
  let running: FoundTraining | undefined;
  let seen = 0;
  const order = { NameContains: `${modelName}-`, SortBy: 'CreationTime', SortOrder: 'Descending' } as const;
  for await (const page of paginateListTrainingJobs({ client, pageSize: 100 }, order)) {
    for (const job of page.TrainingJobSummaries ?? []) {
      if (++seen > MOST_JOBS) return running;
      const completed = job.TrainingJobStatus === 'Completed';
      if (!job.TrainingJobName!.startsWith(`${modelName}-`)) continue;
      if (!completed && job.TrainingJobStatus !== 'InProgress') continue;
      if ((await tagOf(client, job.TrainingJobArn!)) !== training) continue;
      if (!completed) {
        running ??= { jobName: job.TrainingJobName! };
        continue;
      }
      const found = await client.send(new DescribeTrainingJobCommand({ TrainingJobName: job.TrainingJobName }));
      const source = found.ModelArtifacts?.S3ModelArtifacts;
      // Jobs of an earlier stack wrote to an earlier bucket.
      if (source?.startsWith(`s3://${bucket}/raw/${modelName}/`)) return { jobName: job.TrainingJobName!, source };
    }
  }
  return running;
}

async function tagOf(client: SageMakerClient, arn: string): Promise<string | undefined> {
  const { Tags } = await client.send(new ListTagsCommand({ ResourceArn: arn }));
  return Tags?.find(({ Key }) => Key === TRAINING_TAG)?.Value;
}
