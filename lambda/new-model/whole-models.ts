import { InvalidModelError } from '../engine/errors';
import { parseIndexFile } from '../engine/formats/safetensors/index-file';
import { Candidate, Uploads } from './candidate';
import { folderOf, UploadedFile } from './uploaded-file';

const INDEX = '.safetensors.index.json';
const MAX_INDEX_BYTES = 200_000_000;

/**
 * Folders with model files. A model of one file is complete with it, because S3 shows no half objects; one of several
 * shards when its index and every shard that the index names are there. Other files, such as a tokenizer's, do not tell.
 */
export function wholeModels(files: readonly UploadedFile[], uploads: Uploads): Candidate[] {
  const folders = new Map<string, UploadedFile[]>();
  for (const file of files) {
    if (!file.key.endsWith(`.${uploads.format}`) && !file.key.endsWith(INDEX)) continue;
    const folder = folderOf(file.key);
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return [...folders].map(([folder, own]) => ({
    folder,
    completed: Math.max(...own.map(({ modified }) => modified)),
    isComplete: () => isWhole(folder, own, uploads),
  }));
}

async function isWhole(folder: string, files: readonly UploadedFile[], uploads: Uploads): Promise<boolean> {
  const names = files.map(({ key }) => key.slice(folder.length));
  const index = names.find((name) => name.endsWith(INDEX));
  if (index === undefined) return !names.some(isOneOfMany);
  const bytes = await uploads.openStore(`s3://${uploads.bucket}/${folder}`).get(index, MAX_INDEX_BYTES);
  if (bytes === undefined) return false;
  try {
    const missing = new Set(parseIndexFile(index, bytes).weightMap.values());
    for (const name of names) missing.delete(name);
    if (missing.size > 0) console.info(`${folder} lacks ${missing.size} shards, such as ${[...missing][0]}`);
    return missing.size === 0;
  } catch (error) {
    // The build says what is wrong with it, and people hear of that.
    if (error instanceof InvalidModelError) return true;
    throw error;
  }
}

/** Whether a file is one of several shards, which come with an index. */
function isOneOfMany(name: string): boolean {
  return Number(/-of-(\d+)\.safetensors$/.exec(name)?.[1] ?? 1) > 1;
}
