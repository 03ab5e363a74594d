import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { context } from '../../cdk.json';

export const PAGES = resolve(__dirname, '../../docs/constructs');
const EXAMPLES = join(PAGES, 'examples');

/** How much of a construct an example uses. */
export type Extent = 'minimal' | 'full';

/** The constructs that have a page, by the page's name. */
export function listPages(): string[] {
  return readdirSync(EXAMPLES).sort();
}

/** An example's source as the page shows it. */
export function readExample(page: string, extent: Extent): string {
  return readFileSync(join(EXAMPLES, page, `${extent}.ts`), 'utf8').trimEnd();
}

/** Makes an example's stack, which is what its file exports, in an app as `cdk init` makes it. */
export async function makeExample(page: string, extent: Extent): Promise<Stack> {
  const file = (await import(join(EXAMPLES, page, extent))) as Record<string, unknown>;
  const [Example] = Object.values(file).filter((value) => typeof value === 'function') as (new (
    scope: Construct,
    id: string,
  ) => Stack)[];
  return new Example(new App({ context }), 'Stack');
}
