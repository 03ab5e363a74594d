import { CopyObjectCommand } from '@aws-sdk/client-s3';
import { parseS3Address } from '../engine/io/location';
import { ObjectStore } from '../engine/io/object-store';
import { mapConcurrently } from '../engine/map-concurrently';
import { s3 } from '../support/stores';
import { AssetFile } from './deployment';

/** S3 copies on its side; a request only waits. */
const AT_ONCE = 8;

/** Copies a model's files from the assets to its own folder, those that are not there yet. */
export async function copyAssets(files: readonly AssetFile[], target: ObjectStore): Promise<void> {
  const there = new Set((await target.list()).map(({ key }) => key));
  const { bucket, prefix } = parseS3Address(target.root);
  const missing = files.filter(({ name }) => !there.has(name));
  await mapConcurrently(missing, AT_ONCE, ({ bucket: from, key, name }) =>
    s3.send(
      new CopyObjectCommand({
        Bucket: bucket,
        Key: `${prefix}${name}`,
        CopySource: [from, ...key.split('/')].map(encodeURIComponent).join('/'),
      }),
    ),
  );
}
