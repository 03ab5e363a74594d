import { abandonBuild } from './engine/finalizer';
import { deletePlan, readPlan } from './engine/plan-store';
import { text } from './support/fields';
import { openStore } from './support/stores';

/** Gives a failed build up: no upload stays open, no part of an artifact stays behind, and it can be planned anew. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<{ abandoned: boolean }> {
  const work = openStore(text(event, 'work'));
  const plan = await readPlan(work);
  if (plan === undefined) return { abandoned: false };
  const abandoned = await abandonBuild(openStore(plan.artifactRoot), plan);
  if (abandoned) await deletePlan(work);
  return { abandoned };
}
