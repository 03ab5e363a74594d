import { createHash } from 'node:crypto';
import { StoredObject } from '../engine/io/object-store';
import { fields, InvalidEventError, text } from '../support/fields';

/** A file of an asset, to be copied to where models lie. */
export interface AssetFile {
  readonly bucket: string;
  readonly key: string;
  /** Path in the model's folder. */
  readonly name: string;
}

/** What the stack says about a compressed model; CloudFormation makes text of every number and flag. */
export interface Deployment {
  readonly stateMachineArn: string;
  readonly model: string;
  readonly bucket: string;
  /** Address of the model, ending in a slash. */
  readonly source: string;
  /** What has to be copied there first. */
  readonly files: readonly AssetFile[];
  /** Digest of all that decides on the artifact besides the model's own bytes. */
  readonly specification: string;
  readonly maxConcurrency: number;
  /** Of a compressing function, in MB. */
  readonly memorySize: number;
  readonly removeArtifact: boolean;
}

export function readDeployment(event: Readonly<Record<string, unknown>>): Deployment {
  const given = fields(event, 'ResourceProperties');
  return {
    stateMachineArn: text(given, 'stateMachineArn'),
    model: text(given, 'model'),
    bucket: text(given, 'bucket'),
    source: text(given, 'source'),
    files: readFiles(given.files),
    specification: text(given, 'specification'),
    maxConcurrency: Number(text(given, 'maxConcurrency')),
    memorySize: Number(text(given, 'memorySize')),
    removeArtifact: text(given, 'removeArtifact') === 'true',
  };
}

function readFiles(given: unknown): AssetFile[] {
  if (given === undefined) return [];
  if (!Array.isArray(given))
    throw new InvalidEventError(`property "files" must be a list, received: ${JSON.stringify(given)}`);
  return given.map((file: Readonly<Record<string, unknown>>) => ({
    bucket: text(file, 'bucket'),
    key: text(file, 'key'),
    name: text(file, 'name'),
  }));
}

/**
 * Names the build after what goes into it, so that the same model under the same recipe is the same artifact, whoever
 * deploys it and whenever.
 *
 * @param objects The model's objects; none where the specification has a digest of them already.
 */
export function nameBuild(specification: string, objects: readonly StoredObject[]): string {
  const content = objects.map(({ key, size, etag }) => [key, size, etag]);
  return createHash('sha256')
    .update(JSON.stringify([specification, content]))
    .digest('hex')
    .slice(0, 32);
}

/** Address of the artifact of a build. */
export function artifactAddress({ bucket, model }: Pick<Deployment, 'bucket' | 'model'>, build: string): string {
  return `s3://${bucket}/compressed/${model}/${build}/`;
}

/** Name of the build that an artifact at this address is of; undefined where it is not one of the deployment's. */
export function buildOf(deployment: Pick<Deployment, 'bucket' | 'model'>, artifact: string): string | undefined {
  const place = artifactAddress(deployment, '').slice(0, -1);
  return artifact.startsWith(place) ? artifact.slice(place.length, -1) : undefined;
}

/** Executions for a build begin with this; what follows tells CloudFormation's requests apart. */
export function executionPrefix(build: string): string {
  return build.slice(0, 24);
}
