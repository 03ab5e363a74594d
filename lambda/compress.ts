import { FORMATS } from './engine/formats';
import { readPlan } from './engine/plan-store';
import { compressItem } from './engine/worker';
import { index, InvalidEventError, text } from './support/fields';
import { openStore } from './support/stores';

/** Makes one item of a planned build. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<{ item: number }> {
  const item = index(event, 'item');
  const work = openStore(text(event, 'work'));
  const plan = await readPlan(work);
  if (plan === undefined) throw new InvalidEventError(`${work.root} holds no plan; run Plan first`);
  await compressItem({
    source: openStore(plan.sourceRoot),
    artifact: openStore(plan.artifactRoot),
    work,
    plan,
    item,
    formats: FORMATS,
  });
  return { item };
}
