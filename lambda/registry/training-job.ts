import { jobOf } from '../decide/trainings';
import { parseS3Address } from '../engine/io/location';

/**
 * ARN of the job that trained what an artifact was made from; undefined when none of this pipeline's did. The build of a
 * model may be started by anybody, so that only the model's place tells.
 *
 * @param execution ARN of any execution: jobs run in the same account and region
 */
export function trainingJobArn(
  artifact: string,
  modelName: string,
  source: string,
  execution: string,
): string | undefined {
  const job = jobOf({ bucket: parseS3Address(artifact).bucket, modelName }, source);
  if (job === undefined) return undefined;
  const [arn, partition, , region, account] = execution.split(':');
  return [arn, partition, 'sagemaker', region, account, `training-job/${job}`].join(':');
}
