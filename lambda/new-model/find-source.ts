import { S3Client } from '@aws-sdk/client-s3';
import { ModelError } from '../engine/errors';
import { parseS3Address } from '../engine/io/location';
import { modelAt, SourceModel } from './source-model';
import { listUploads } from './uploaded-file';

/** Where SageMaker puts what a training job wrote, below the place that the job was given. */
const OUTPUT = '/output/model/';

/**
 * The trained model at an address. A folder that holds nothing but what a training job left, such as that of a build in
 * `raw/`, stands for the model in it: what evaluates the model looks beside it for what the training put there.
 *
 * @throws ModelError where there is nothing, or more than one model to choose from.
 */
export async function findSource(s3: S3Client, address: string): Promise<SourceModel> {
  const { bucket, prefix } = parseS3Address(address);
  const files = await listUploads(s3, bucket, prefix);
  if (files.length === 0) throw new ModelError(`${address} holds no files; give the folder of a trained model`);
  const folders = [...new Set(files.flatMap(({ key }) => outputIn(key, prefix) ?? []))];
  const isLoose = files.some(({ key }) => !key.slice(prefix.length).includes('/'));
  if (isLoose || folders.length === 0) return modelAt(bucket, prefix, files);
  if (folders.length > 1) {
    const all = folders.map((folder) => `s3://${bucket}/${folder}`).join(', ');
    throw new ModelError(`${address} holds the models of ${folders.length} trainings; give one of: ${all}`);
  }
  return modelAt(bucket, folders[0], files);
}

/** The folder of a training's model that a file lies in, deeper than the prefix. */
function outputIn(key: string, prefix: string): string | undefined {
  const start = key.indexOf(OUTPUT, Math.max(0, prefix.length - OUTPUT.length + 1));
  return start === -1 ? undefined : key.slice(0, start + OUTPUT.length);
}
