import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { readManifest } from './engine/manifest';
import { NoArtifactError } from './release/release-errors';
import { release, ReleaseAnswer } from './release/release-model';
import { ReleaseSpecification } from './release/release-specification';
import { fields, text } from './support/fields';
import { openStore } from './support/stores';

const client = new SageMakerClient({ maxAttempts: 8 });

/** Serves a finished artifact under the endpoint's name; with an older artifact, that is the way back. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<ReleaseAnswer> {
  const store = openStore(text(event, 'artifact'));
  if ((await readManifest(store)) === undefined) {
    throw new NoArtifactError(
      `${store.root} holds no manifest.json, so it is no finished artifact; release one that a build has finished`,
    );
  }
  return release({
    client,
    endpointName: text(event, 'endpointName'),
    artifact: store.root,
    specification: fields(event, 'specification') as unknown as ReleaseSpecification,
  });
}
