import { unzipSync } from 'fflate';
import { ExtraFile } from '../engine/finalizer';
import { InvalidModelError } from '../engine/errors';
import { openStore } from './stores';

/** Serving code is scripts and a few vendored wheels. */
const MAX_ARCHIVE_BYTES = 256 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;
const MAX_FILES = 10_000;

/** Reads the stack's zip of serving code, as the files of the artifact's `code/` folder, in key order. */
export async function readServingCode(bucket: string, key: string): Promise<ExtraFile[]> {
  const slash = key.lastIndexOf('/') + 1;
  const store = openStore(`s3://${bucket}/${key.slice(0, slash)}`);
  const name = `s3://${bucket}/${key}`;
  const archive = await store.get(key.slice(slash), MAX_ARCHIVE_BYTES);
  if (archive === undefined)
    throw new InvalidModelError(name, 'does not exist; deploy the stack again to upload its assets');
  let unpacked = 0;
  let count = 0;
  const entries = unzipSync(archive, {
    filter: (file) => {
      unpacked += file.originalSize;
      if (++count > MAX_FILES || unpacked > MAX_UNPACKED_BYTES) {
        throw new InvalidModelError(name, `unpacks to more than ${MAX_FILES} files or ${MAX_UNPACKED_BYTES} bytes`);
      }
      return !file.name.endsWith('/');
    },
  });
  return Object.keys(entries)
    .sort()
    .map((path) => {
      if (path.startsWith('/') || path.split('/').includes('..'))
        throw new InvalidModelError(name, `holds a path that leads outside: ${path}`);
      return { key: `code/${path}`, body: entries[path] };
    });
}
