import { createHash } from 'node:crypto';
import { CreateModelPackageCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { Manifest, MANIFEST_KEY, MAX_MANIFEST_BYTES } from './engine/manifest';
import { Compared } from './gates/evaluation-limits';
import { packageRequest, Registration } from './registry/package-request';
import { NoArtifactError } from './release/release-errors';
import { fields, text } from './support/fields';
import { openStore } from './support/stores';

const client = new SageMakerClient({ maxAttempts: 8 });

/** Registers a finished artifact as the next version in the pipeline's model package group. */
export async function handler(
  event: Readonly<Record<string, unknown>>,
): Promise<{ modelPackageArn: string; approval: string }> {
  const store = openStore(text(event, 'artifact'));
  const bytes = await store.get(MANIFEST_KEY, MAX_MANIFEST_BYTES);
  if (bytes === undefined)
    throw new NoArtifactError(`${store.root} holds no ${MANIFEST_KEY}, so it is no finished artifact`);
  const approval = text(event, 'approval') as Registration['approval'];
  const { ModelPackageArn } = await client.send(
    new CreateModelPackageCommand(
      packageRequest({
        group: text(event, 'group'),
        approval,
        artifact: store.root,
        manifest: JSON.parse(Buffer.from(bytes).toString()) as Manifest,
        manifestSha256: createHash('sha256').update(bytes).digest('hex'),
        model: text(event, 'model'),
        build: text(event, 'build'),
        image: text(event, 'image'),
        environment: fields(event, 'environment') as Record<string, string>,
        execution: text(event, 'execution'),
        trainingJobArn: fields(event, 'raw').trainingJobArn as string | undefined,
        evaluation: fields(event, 'evaluation').address as string | undefined,
        metrics: (fields(event, 'evaluated').metrics ?? []) as Compared[],
      }),
    ),
  );
  return { modelPackageArn: ModelPackageArn!, approval };
}
