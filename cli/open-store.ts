import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { ModelError } from '../lambda/engine/errors';
import { ByteSource } from '../lambda/engine/io/byte-source';
import { FolderStore } from '../lambda/engine/io/folder-store';
import { isS3Address } from '../lambda/engine/io/location';
import { ModelSource, ObjectStore, StoredObject } from '../lambda/engine/io/object-store';

const MODEL_FILE = /\.(?:safetensors|onnx|tflite)$/;

/** Opens a place that can be written to: a folder, which need not exist, or an S3 prefix. */
export async function openDestination(address: string): Promise<ObjectStore> {
  if (!isS3Address(address)) return new FolderStore(address);
  // Loaded only when it is needed: the SDK takes longer to start than a small model to compress. Not by import(), which
  // a worker thread cannot carry out on TypeScript.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { openStore } = require('../lambda/support/stores') as typeof import('../lambda/support/stores');
  return openStore(address);
}

/**
 * Opens a source: a folder, an S3 prefix, or a single model file in either.
 *
 * @throws ModelError when a folder or file of this machine is not there.
 */
export async function openModel(address: string): Promise<ModelSource> {
  if (isS3Address(address)) {
    const file = MODEL_FILE.test(address);
    const slash = address.lastIndexOf('/') + 1;
    const store = await openDestination(file ? address.slice(0, slash) : address);
    return file ? only(store, address.slice(slash), () => store.list(address.slice(slash))) : store;
  }
  const path = resolve(address);
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined)
    throw new ModelError(`${path}: there is no such file or folder; give the model's folder, file or s3:// address`);
  if (stats.isDirectory()) return new FolderStore(path);
  const store = new FolderStore(dirname(path));
  return only(store, basename(path), async () => {
    // A folder's listing would walk everything below it.
    const { mtimeMs, size } = await stat(path);
    return [{ key: basename(path), size, etag: `${mtimeMs}-${size}` }];
  });
}

/** One object of a store, as if it were alone. */
function only(store: ObjectStore, key: string, list: () => Promise<StoredObject[]>): ModelSource {
  return {
    root: store.root,
    list: async () => (await list()).filter((object) => object.key === key),
    open: (name: string, expected?: StoredObject): Promise<ByteSource> => store.open(name, expected),
    close: () => store.close(),
  };
}
