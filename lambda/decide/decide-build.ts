import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { ObjectStore } from '../engine/io/object-store';
import { releasedArtifact } from '../release/released-artifact';
import { listArtifacts } from '../support/artifacts';
import { approvedModel, findKept, judge, pendingModel } from './judge';
import { LedgerStore } from '../release/ledger';
import { BuildsPlace, otherBuild } from './builds';
import { isReleasing, ReleasesPlace } from './releases';
import { isThere, Model, readModel } from './models';
import { findTraining, trainingOf } from './trainings';

/** What a build is to do. */
export interface Decision {
  /**
   * `judge`: a finished artifact was not judged by these gates; `wait`: what decides is under way, a training with these
   * inputs, the build of another model, or a release.
   */
  readonly action: 'train' | 'compress' | 'judge' | 'release' | 'wait' | 'nothing';
  /** Address of the raw model to compress, or to judge the artifact against. */
  readonly source?: string;
  /** When what is to be compressed anew was begun (ISO 8601); absent where it is as old as the deployment. */
  readonly begun?: string;
  /** Address of the artifact to judge or release. */
  readonly artifact?: string;
  /** What the same evaluation has measured of the artifact already. */
  readonly evaluation?: { readonly address: string };
  /** After how many seconds to decide again; only with `wait`. */
  readonly seconds?: number;
  /** Why, in a sentence, for people who read the execution's history. */
  readonly reason: string;
}

/** Trainings take hours, builds and releases minutes. */
const TRAINING_SECONDS = 300;
const BUILD_SECONDS = 60;
const RELEASE_SECONDS = 30;

export interface DecisionInputs extends ReleasesPlace, BuildsPlace {
  readonly client: SageMakerClient;
  readonly openStore: (address: string) => ObjectStore;
  /** Of the endpoint's releases. */
  readonly ledger: LedgerStore;
  readonly bucket: string;
  readonly modelName: string;
  readonly endpointName: string;
  /** Digest of the recipe and the serving code. */
  readonly compression: string;
  /** Digest of the training; undefined when the pipeline has none. */
  readonly training: string | undefined;
  /** Name of the model package group. */
  readonly group: string;
  /** Digest of all that a model is judged by. */
  readonly gates: string;
  /** Digest of the evaluation without its limits; undefined when the pipeline has none. */
  readonly evaluation: string | undefined;
  /** Whether builds wait for a person. */
  readonly isManual: boolean;
  /** Address of the artifact that this execution has judged already. */
  readonly judged: string | undefined;
}

/**
 * Compares what is deployed with what the released model was made from, and not with an earlier deployment: builds that
 * failed, releases that were rolled back, and models that were put back by hand leave no trace in a template.
 *
 * The model stays what it is as far as it can: another endpoint specification alone releases its artifact again, moved
 * limits judge that artifact again, another recipe or serving code compresses its raw model again, and only another
 * training trains.
 */
export async function decideBuild(inputs: DecisionInputs): Promise<Decision> {
  const { client, endpointName, judged, openStore } = inputs;
  if (judged !== undefined) return decideJudged(judged, await releasedArtifact(client, endpointName));
  if (await isReleasing(inputs)) return wait('a release is under way, and decides what serves', RELEASE_SECONDS);
  const artifact = await releasedArtifact(client, endpointName);
  const decision = await compare(inputs, await readModel(openStore, artifact));
  if (decision.action !== 'compress') return decision;
  const chosen = inputs.isManual ? await decideManual(inputs, decision, artifact) : decision;
  return chosen.action === 'compress' ? afterOthers(inputs, chosen) : chosen;
}

/** A model whose build was begun before may serve when that has ended, and be the one to compress anew. */
async function afterOthers(inputs: DecisionInputs, decision: Decision): Promise<Decision> {
  const other = await otherBuild(inputs, decision.source!);
  return other === undefined ? decision : wait(`${other} is building, and may decide what serves`, BUILD_SECONDS);
}

/** What would come of compressing may be there, and wait for a person, or for the release that a person has started. */
async function decideManual(
  inputs: DecisionInputs,
  decision: Decision,
  artifact: string | undefined,
): Promise<Decision> {
  const pending = await pendingModel(inputs, decision.source!);
  if (pending !== undefined) return judge(inputs, pending, 'it waits for approval');
  const approved = await approvedModel(inputs, decision.source!);
  if (approved !== undefined) return wait(`${approved} was approved, and is about to be released`, RELEASE_SECONDS);
  // It may have been approved while this looked, and its release begun, or ended.
  if (await isReleasing(inputs)) return wait('a release has begun just now', RELEASE_SECONDS);
  if ((await releasedArtifact(inputs.client, inputs.endpointName)) === artifact) return decision;
  return wait('another model was released just now', RELEASE_SECONDS);
}

function wait(reason: string, seconds: number): Decision {
  return { action: 'wait', reason, seconds };
}

/** Judging may take hours, in which another model may have taken the place of the one that was judged. */
function decideJudged(judged: string, released: string | undefined): Decision {
  if (released === judged) {
    return { action: 'release', artifact: judged, reason: 'the released artifact passes the gates that are deployed' };
  }
  return { action: 'nothing', reason: `${released ?? 'nothing'} serves by now, and no longer ${judged}` };
}

async function compare(inputs: DecisionInputs, released: Model | undefined): Promise<Decision> {
  const { compression, openStore, training } = inputs;
  const current = released ?? (await newestModel(inputs));
  if (training !== undefined) {
    const decision = await decideTraining(inputs, training, current);
    if (decision !== undefined) return decision;
  }
  if (current === undefined) return { action: 'nothing', reason: 'there is no model yet' };
  if (released?.manifest.provenance.compression === compression) {
    const kept = await findKept(inputs, released);
    if (kept.notes.gatesDigest !== inputs.gates) return judge(inputs, kept, 'it serves');
    const reason = 'the released artifact was made and judged by what is deployed; only its endpoint can have changed';
    return { action: 'release', artifact: released.artifact, reason };
  }
  const source = current.manifest.source.root;
  if (await isThere(openStore, source)) {
    const reason = `the raw model of ${current.artifact}; its recipe, serving code or release is not what is deployed`;
    return { action: 'compress', source, ...(await age(inputs, current)), reason };
  }
  const reason = `the raw model of ${current.artifact} is gone from ${source}`;
  return { action: training === undefined ? 'nothing' : 'train', reason };
}

/**
 * A model that is compressed anew stays as old as what was released: a training or an upload that is on its way is newer,
 * though it ends later. One that was put back by hand may be older than the newest that was released, whose place it took.
 */
async function age({ ledger }: DecisionInputs, { manifest }: Model): Promise<{ begun?: string }> {
  const begun = (await ledger.read())?.newest?.begun ?? manifest.provenance.begun;
  return Number.isNaN(Date.parse(begun)) ? {} : { begun };
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
  if (source === undefined) return wait(`${jobName} is training with these inputs`, TRAINING_SECONDS);
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
