import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { packFolder } from './tarball';

/** A folder of scripts as a `.tgz` asset, the same for the same files; undefined where there is no folder. */
export function createSourceAsset(scope: Construct, sourceDirectory: string | undefined): Asset | undefined {
  if (sourceDirectory === undefined) return undefined;
  const { path, hash } = packFolder(sourceDirectory);
  const asset = new Asset(scope, 'Source', { path, assetHash: hash });
  // The assembly has its copy, unless the app was told to stage nothing.
  if (asset.assetPath !== path) rmSync(dirname(path), { recursive: true });
  return asset;
}
