import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { IBucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { ensure } from './private/validate';

/** A file that is uploaded with the app. */
export interface ModelSourceFile {
  /** The bucket that it is uploaded to. */
  readonly bucket: IBucket;
  /** Its key there. */
  readonly objectKey: string;
  /** Its path in the model's folder. */
  readonly path: string;
}

/** A model, bound to a place in a stack. */
export interface ModelSourceConfig {
  /**
   * The bucket that holds the model.
   *
   * @default - none; it is made of `files`
   */
  readonly bucket?: IBucket;
  /**
   * The model's folder in the bucket, ending in a slash.
   *
   * @default - the whole bucket
   */
  readonly prefix?: string;
  /**
   * The model's files, where they are uploaded with the app.
   *
   * @default - none; it lies in `bucket`
   */
  readonly files?: ModelSourceFile[];
  /**
   * SHA-256 of the files' names and contents.
   *
   * @default - not known before the deployment
   */
  readonly contentHash?: string;
}

/** Where a model comes from. */
export abstract class ModelSource {
  /**
   * A folder on the machine that synthesizes, or a single file; uploaded with the app, file by file. A changed file is
   * another model.
   *
   * @param path At most 500 files of at most 5 GB each. Names that begin with a dot are left out.
   */
  public static fromAsset(path: string): ModelSource {
    return new AssetSource(path);
  }

  /**
   * A folder in a bucket. A deployment that changes nothing else does not look whether the model has changed; give
   * `CompressedModel` another `sourceVersion` then.
   *
   * @param prefix The folder, ending in a slash.
   */
  public static fromBucket(bucket: IBucket, prefix: string): ModelSource {
    ensure(
      prefix === '' || (prefix.endsWith('/') && !prefix.startsWith('/')),
      `The prefix of a model must end in a slash and not begin with one, received: ${prefix}`,
    );
    return new BucketSource({ bucket, prefix });
  }

  /** Makes the model usable in a stack. Called by the constructs that take models. */
  public abstract bind(scope: Construct): ModelSourceConfig;
}

class BucketSource extends ModelSource {
  constructor(private readonly config: ModelSourceConfig) {
    super();
  }

  public bind(_scope: Construct): ModelSourceConfig {
    return this.config;
  }
}

/** What S3 copies in one request. */
const LARGEST_FILE = 5 * 1024 ** 3;
/** The deployment hands the list to a function. */
const MOST_FILES = 500;

class AssetSource extends ModelSource {
  constructor(private readonly path: string) {
    super();
    ensure(existsSync(path), `The model ${path} does not exist; give a folder or a file`);
  }

  public bind(scope: Construct): ModelSourceConfig {
    const isFolder = statSync(this.path).isDirectory();
    const paths = isFolder ? listFiles(this.path) : [this.path];
    ensure(
      paths.length >= 1 && paths.length <= MOST_FILES,
      `The model ${this.path} must have 1 to ${MOST_FILES} files, found: ${paths.length}`,
    );
    const assets = new Construct(scope, 'Files');
    const hash = createHash('sha256');
    const files = paths.map((path) => {
      const size = statSync(path).size;
      ensure(
        size <= LARGEST_FILE,
        `${path} has ${size} bytes, more than the ${LARGEST_FILE} that are copied in a deployment; upload the model to a bucket and use ModelSource.fromBucket()`,
      );
      const name = isFolder ? relative(this.path, path).split(sep).join('/') : relative(join(this.path, '..'), path);
      const asset = new Asset(assets, name.replaceAll('/', '|'), { path });
      hash.update(JSON.stringify([name, asset.assetHash]));
      return { bucket: asset.bucket, objectKey: asset.s3ObjectKey, path: name };
    });
    return { files, contentHash: hash.digest('hex') };
  }
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return statSync(path).isDirectory() ? listFiles(path) : [path];
    });
}
