import { UploadedModel, Uploads } from './candidate';
import { markedModels } from './marked-models';
import { listUploads } from './uploaded-file';
import { wholeModels } from './whole-models';

/** The newest complete model below a prefix; undefined when there is none. */
export async function findNewestModel(uploads: Uploads): Promise<UploadedModel | undefined> {
  const files = await listUploads(uploads.s3, uploads.bucket, uploads.prefix);
  const candidates = uploads.marker === undefined ? wholeModels(files, uploads) : markedModels(files, uploads.marker);
  candidates.sort((a, b) => b.completed - a.completed || (a.folder < b.folder ? 1 : -1));
  for (const candidate of candidates) {
    if (await candidate.isComplete()) return candidate;
  }
  return undefined;
}
