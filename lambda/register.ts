import { createHash } from 'node:crypto';
import { CreateModelPackageCommand, SageMakerClient, UpdateModelPackageCommand } from '@aws-sdk/client-sagemaker';
import { Manifest, MANIFEST_KEY, MAX_MANIFEST_BYTES } from './engine/manifest';
import { Compared } from './gates/evaluation-limits';
import { findPackage, FoundPackage } from './registry/find-packages';
import { buildOf, packageRequest, Registration, verdictNotes } from './registry/package-request';
import { trainingJobArn } from './registry/training-job';
import { NoArtifactError } from './release/release-errors';
import { fields, text } from './support/fields';
import { openStore } from './support/stores';

const client = new SageMakerClient({ maxAttempts: 8 });

interface Registered {
  readonly modelPackageArn: string;
  readonly approval: Registration['approval'];
}

/**
 * Registers a finished artifact as the next version in the pipeline's model package group. One that is registered
 * already stays that version, and what a person decided about it stays as well: only what it was judged by is noted anew.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Registered> {
  const store = openStore(text(event, 'artifact'));
  const bytes = await store.get(MANIFEST_KEY, MAX_MANIFEST_BYTES);
  if (bytes === undefined)
    throw new NoArtifactError(`${store.root} holds no ${MANIFEST_KEY}, so it is no finished artifact`);
  const group = text(event, 'group');
  const approval = text(event, 'approval') as Registration['approval'];
  const judged = {
    gatesDigest: text(event, 'gatesDigest'),
    evaluationDigest: event.evaluationDigest as string | undefined,
    evaluation: fields(event, 'evaluation').address as string | undefined,
    metrics: (fields(event, 'evaluated').metrics ?? []) as Compared[],
  };
  const found = await findPackage(client, group, store.root);
  if (found !== undefined) return noteVerdict(found, approval, verdictNotes(judged));
  const manifest = JSON.parse(Buffer.from(bytes).toString()) as Manifest;
  const { ModelPackageArn } = await client.send(
    new CreateModelPackageCommand(
      packageRequest({
        ...judged,
        group,
        approval,
        artifact: store.root,
        manifest,
        manifestSha256: createHash('sha256').update(bytes).digest('hex'),
        model: text(event, 'model'),
        build: buildOf(store.root),
        image: text(event, 'image'),
        environment: fields(event, 'environment') as Record<string, string>,
        execution: manifest.provenance.execution ?? text(event, 'execution'),
        trainingJobArn: trainingJobArn(
          store.root,
          text(event, 'model'),
          manifest.source.root,
          text(event, 'execution'),
        ),
      }),
    ),
  );
  return { modelPackageArn: ModelPackageArn!, approval };
}

/** Every update is told to EventBridge, so that none is made without need. */
async function noteVerdict(
  found: FoundPackage,
  approval: Registration['approval'],
  notes: Readonly<Record<string, string>>,
): Promise<Registered> {
  const { arn: ModelPackageArn } = found;
  // Nobody is asked any more, where a person was asked when this version was registered.
  const isReleasedUnasked = approval === 'Approved' && found.approval === 'PendingManualApproval';
  if (isReleasedUnasked || Object.entries(notes).some(([name, value]) => found.notes[name] !== value)) {
    await client.send(
      new UpdateModelPackageCommand({
        ModelPackageArn,
        CustomerMetadataProperties: notes,
        ...(isReleasedUnasked ? { ModelApprovalStatus: approval } : {}),
      }),
    );
  }
  return { modelPackageArn: ModelPackageArn, approval: approval === 'Approved' ? approval : found.approval! };
}
