import { parseS3Address } from '../engine/io/location';
import { readManifest } from '../engine/manifest';
import { buildOf } from '../registry/package-request';
import { InvalidEventError } from '../support/fields';
import { openStore } from '../support/stores';
import { ReleasedBuild } from './ledger';
import { NoArtifactError } from './release-errors';

/**
 * The build that a release's input names: by `artifact`, the address of one, or by `build`, its name below `artifacts`.
 * A build says by `begun` when it was begun, unless it takes up an artifact of an earlier one, which is as old as that.
 *
 * @throws InvalidEventError when the input names none, NoArtifactError when there is no finished artifact.
 */
export async function findBuild(input: Readonly<Record<string, unknown>>, artifacts: string): Promise<ReleasedBuild> {
  const artifact = addressOf(input, artifacts);
  if (!artifact.startsWith(artifacts)) {
    throw new NoArtifactError(`${artifact} is not one of this pipeline's artifacts, which lie below ${artifacts}`);
  }
  const manifest = await readManifest(openStore(artifact));
  if (manifest === undefined) {
    throw new NoArtifactError(
      `${artifact} holds no manifest.json, so it is no finished artifact; release one that a build has finished`,
    );
  }
  const isOwn = input.build === buildOf(artifact);
  const begun = isOwn && typeof input.begun === 'string' ? input.begun : manifest.provenance.begun;
  // Artifacts of before builds noted their beginning are older than any that has it.
  return { artifact, begun: Number.isNaN(Date.parse(begun)) ? new Date(0).toISOString() : begun };
}

function addressOf({ artifact, build }: Readonly<Record<string, unknown>>, artifacts: string): string {
  if (typeof artifact === 'string') {
    const { bucket, prefix } = parseS3Address(artifact);
    return `s3://${bucket}/${prefix}`;
  }
  if (typeof build === 'string' && /^[a-z0-9-]{1,32}$/.test(build)) return `${artifacts}${build}/`;
  throw new InvalidEventError(
    `the input must be {"build":"<name>"} or {"artifact":"s3://…/"}, received: ${JSON.stringify({ artifact, build })}`,
  );
}
