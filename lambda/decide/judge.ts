import type { ModelApprovalStatus } from '@aws-sdk/client-sagemaker';
import { findPackage, FoundPackage, newestPackages } from '../registry/find-packages';
import type { Decision, DecisionInputs } from './decide-build';
import { isThere, Model, readModel } from './models';
import { hasRelease } from './releases';

/** A finished artifact, and what is noted of it in the registry: nothing, where it was never registered. */
export interface Kept extends Model {
  readonly notes: FoundPackage['notes'];
}

export async function findKept({ client, group }: DecisionInputs, model: Model): Promise<Kept> {
  const found = await findPackage(client, group, model.artifact);
  return { ...model, notes: found?.notes ?? {} };
}

/** An approval that has not led to a release by then will not: its event is lost. */
const MOST_MS = 60 * 60 * 1000;

/** What compressing this raw model would make, where it was made already and nobody has decided on it. */
export async function pendingModel(inputs: DecisionInputs, source: string): Promise<Kept | undefined> {
  for await (const found of versionsOf(inputs, source, 'PendingManualApproval')) return found.kept;
  return undefined;
}

/** Address of what compressing this raw model would make, where a person has just approved it and no release has begun. */
export async function approvedModel(inputs: DecisionInputs, source: string): Promise<string | undefined> {
  for await (const { version, kept } of versionsOf(inputs, source, 'Approved')) {
    if (Date.now() - version.modified.getTime() > MOST_MS) continue;
    if (!(await hasRelease(inputs, version.number))) return kept.artifact;
  }
  return undefined;
}

/** Versions in the registry that were made from this raw model as the deployed inputs ask for, the newest first. */
async function* versionsOf(
  { client, compression, group, openStore }: DecisionInputs,
  source: string,
  approval: ModelApprovalStatus,
): AsyncGenerator<{ readonly version: FoundPackage; readonly kept: Kept }> {
  for await (const version of newestPackages(client, group, approval)) {
    const model = await readModel(openStore, version.artifact);
    if (model === undefined || model.manifest.provenance.compression !== compression) continue;
    if (model.manifest.source.root === openStore(source).root)
      yield { version, kept: { ...model, notes: version.notes } };
  }
}

/** Lets an artifact through the gates that are deployed. What the same evaluation has measured of it is not measured again. */
export async function judge(inputs: DecisionInputs, kept: Kept, because: string): Promise<Decision> {
  const { artifact, manifest, notes } = kept;
  const isJudged = notes.gatesDigest === inputs.gates;
  const isMeasured =
    inputs.evaluation !== undefined &&
    notes.evaluationDigest === inputs.evaluation &&
    (await isThere(inputs.openStore, notes.evaluation));
  return {
    action: 'judge',
    artifact,
    source: manifest.source.root,
    ...(isMeasured ? { evaluation: { address: notes.evaluation } } : {}),
    reason: `${because}, and was ${isJudged ? 'judged by these gates already' : 'not judged by these gates yet'}`,
  };
}
