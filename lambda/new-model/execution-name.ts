import { createHash } from 'node:crypto';
import { UploadedFile } from './uploaded-file';

/**
 * Names a build after all that goes into it: the model's address, its files' entity tags and times, and a digest of the
 * recipe, the serving code and the endpoint. A file that is uploaded anew is another one, even with the same content, so
 * that going back to an earlier model is a build, too.
 */
export function executionName(source: string, files: readonly UploadedFile[], inputsDigest: string): string {
  const content = [...files]
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, etag, modified }) => [key, etag, modified]);
  const digest = createHash('sha256')
    .update(JSON.stringify([source, content, inputsDigest]))
    .digest('hex');
  return `model-${digest.slice(0, 24)}`;
}
