import { findPackage, FoundPackage, pendingPackages } from '../registry/find-packages';
import type { Decision, DecisionInputs } from './decide-build';
import { isThere, Model, readModel } from './models';

/** A finished artifact, and what is noted of it in the registry: nothing, where it was never registered. */
export interface Kept extends Model {
  readonly notes: FoundPackage['notes'];
}

export async function findKept({ client, group }: DecisionInputs, model: Model): Promise<Kept> {
  const found = await findPackage(client, group, model.artifact);
  return { ...model, notes: found?.notes ?? {} };
}

/** What compressing this raw model would make, where it was made already and nobody has decided on it. */
export async function pendingModel(inputs: DecisionInputs, source: string): Promise<Kept | undefined> {
  const { client, compression, group, openStore } = inputs;
  for await (const { artifact, notes } of pendingPackages(client, group)) {
    const model = await readModel(openStore, artifact);
    if (model === undefined || model.manifest.provenance.compression !== compression) continue;
    if (model.manifest.source.root === openStore(source).root) return { ...model, notes };
  }
  return undefined;
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
