import { Uploads } from './candidate';
import { markedModels } from './marked-models';
import { modelAt, SourceModel } from './source-model';
import { listUploads } from './uploaded-file';
import { wholeModels } from './whole-models';

/** The newest complete model below a prefix; undefined when there is none. */
export async function findNewestModel(uploads: Uploads): Promise<SourceModel | undefined> {
  const { s3, bucket, prefix, marker } = uploads;
  const files = await listUploads(s3, bucket, prefix);
  const candidates = marker === undefined ? wholeModels(files, uploads) : markedModels(files, marker);
  candidates.sort((a, b) => b.completed - a.completed || (a.folder < b.folder ? 1 : -1));
  for (const candidate of candidates) {
    if (await candidate.isComplete()) return modelAt(bucket, candidate.folder, files);
  }
  return undefined;
}
