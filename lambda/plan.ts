import { FORMATS } from './engine/formats';
import { planBuild } from './engine/planner';
import { parseRecipe } from './engine/recipe';
import { text } from './support/fields';
import { openStore } from './support/stores';

/** Lays the build out and starts its uploads. The items that the map runs over are small integers. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const place = `${text(event, 'model')}/${text(event, 'build')}/`;
  const artifact = `s3://${text(event, 'bucket')}/compressed/${place}`;
  const work = `s3://${text(event, 'bucket')}/work/${place}`;
  const answer = await planBuild({
    source: openStore(text(event, 'source')),
    artifact: openStore(artifact),
    work: openStore(work),
    recipe: parseRecipe(event.recipe),
    formats: FORMATS,
  });
  return { artifact, work, items: Array.from({ length: answer.items }, (_, item) => item), finished: answer.finished };
}
