import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { ObjectStore } from '../engine/io/object-store';
import { Manifest, readManifest } from '../engine/manifest';
import { releasedArtifact } from '../release/released-artifact';
import { listArtifacts } from '../support/artifacts';
import { findTraining, trainingOf } from './trainings';

/** What a build is to do. */
export interface Decision {
  /** `wait`: a training with these inputs is under way; ask again later. */
  readonly action: 'train' | 'compress' | 'release' | 'wait' | 'nothing';
  /** Address of the raw model to compress. */
  readonly source?: string;
  /** Address of the artifact to release. */
  readonly artifact?: string;
  /** Why, in a sentence, for people who read the execution's history. */
  readonly reason: string;
}

export interface DecisionInputs {
  readonly client: SageMakerClient;
  readonly s3: S3Client;
  readonly openStore: (address: string) => ObjectStore;
  readonly bucket: string;
  readonly modelName: string;
  readonly endpointName: string;
  /** Digest of the recipe and the serving code. */
  readonly compression: string;
  /** Digest of the training; undefined when the pipeline has none. */
  readonly training: string | undefined;
}

interface Model {
  readonly artifact: string;
  readonly manifest: Manifest;
}

/**
 * Compares what is deployed with what the released model was made from, and not with an earlier deployment: builds that
 * failed, releases that were rolled back, and models that were put back by hand leave no trace in a template.
 *
 * The model stays what it is as far as it can: another endpoint specification alone releases its artifact again, another
 * recipe or serving code compresses its raw model again, and only another training trains.
 */
export async function decideBuild(inputs: DecisionInputs): Promise<Decision> {
  const { client, compression, endpointName, openStore, training } = inputs;
  const released = await readModel(openStore, await releasedArtifact(client, endpointName));
  const current = released ?? (await newestModel(inputs));
  if (training !== undefined) {
    const decision = await decideTraining(inputs, training, current);
    if (decision !== undefined) return decision;
  }
  if (current === undefined) return { action: 'nothing', reason: 'there is no model yet' };
  if (released?.manifest.provenance.compression === compression) {
    const reason = 'the released artifact was made from what is deployed; only its endpoint can have changed';
    return { action: 'release', artifact: released.artifact, reason };
  }
  const source = current.manifest.source.root;
  if (await isThere(openStore, source)) {
    const reason = `the raw model of ${current.artifact}; its recipe, serving code or release is not what is deployed`;
    return { action: 'compress', source, reason };
  }
  const reason = `the raw model of ${current.artifact} is gone from ${source}`;
  return { action: training === undefined ? 'nothing' : 'train', reason };
}

/** Undefined when the current model was trained with these inputs, or was uploaded after such a training. */
async function decideTraining(
  inputs: DecisionInputs,
  training: string,
  current: Model | undefined,
): Promise<Decision | undefined> {
  const madeBy = current && (await trainingOf(inputs, current.manifest.source.root));
  if (madeBy === training) return undefined;
  const found = await findTraining({ ...inputs, training });
  if (found === undefined) return { action: 'train', reason: 'no training with these inputs has completed' };
  if (current !== undefined && madeBy === undefined) return undefined;
  const { jobName, source } = found;
  if (source === undefined) return { action: 'wait', reason: `${jobName} is training with these inputs` };
  if (await isThere(inputs.openStore, source)) {
    return { action: 'compress', source, reason: `${jobName} was trained with these inputs, and is not released` };
  }
  return { action: 'train', reason: `what ${jobName} made is gone from ${source}` };
}

/** The newest finished artifact, where nothing serves yet. It may not have been approved: only its source may be used. */
async function newestModel({ s3, bucket, modelName, openStore }: DecisionInputs): Promise<Model | undefined> {
  const [newest] = await listArtifacts(s3, bucket, modelName);
  return readModel(openStore, newest?.address);
}

async function readModel(
  openStore: DecisionInputs['openStore'],
  artifact: string | undefined,
): Promise<Model | undefined> {
  if (artifact === undefined) return undefined;
  const manifest = await readManifest(openStore(artifact));
  return manifest && { artifact, manifest };
}

async function isThere(openStore: DecisionInputs['openStore'], source: string): Promise<boolean> {
  return (await openStore(source).list()).length > 0;
}
