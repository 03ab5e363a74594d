import { createHash } from 'node:crypto';
import { UploadedFile } from './uploaded-file';

/** A trained model that a build can start from. */
export interface SourceModel {
  /** Its folder, `s3://bucket/prefix/`. */
  readonly address: string;
  /** All files below it: a build takes every one of them along. */
  readonly files: readonly UploadedFile[];
}

/**
 * The model in a folder.
 *
 * @param files At least those below the folder.
 */
export function modelAt(bucket: string, folder: string, files: readonly UploadedFile[]): SourceModel {
  return { address: `s3://${bucket}/${folder}`, files: files.filter(({ key }) => key.startsWith(folder)) };
}

/** When the last of a model's files was uploaded, in milliseconds since 1970. */
export function uploadedAt({ files }: SourceModel): number {
  return files.reduce((latest, { modified }) => Math.max(latest, modified), 0);
}

const NAMED = 'model-';

/** Whether an execution is named as the build of a model. */
export function isModelBuild(name: string): boolean {
  return name.startsWith(NAMED);
}

/**
 * Names the build of a model after all that goes into it, whoever asks for it: the model's address, its files' entity
 * tags and times, and a digest of the recipe, the serving code and the endpoint. A file that is uploaded anew is another
 * one, even with the same content, so that going back to an earlier model is a build, too.
 */
export function executionName({ address, files }: SourceModel, inputsDigest: string): string {
  const content = [...files]
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, etag, modified }) => [key, etag, modified]);
  const digest = createHash('sha256')
    .update(JSON.stringify([address, content, inputsDigest]))
    .digest('hex');
  return `${NAMED}${digest.slice(0, 24)}`;
}
