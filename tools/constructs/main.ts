/**
 * Writes what the constructs' pages say from the constructs themselves: pictures, examples, permissions.
 *
 *     npm run docs
 *     npm run docs -- --check    # writes nothing, names what is out of date and ends with 1
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { listPages } from './example-stacks';
import { Made, makePage } from './pages';

async function main(onlyCheck: boolean): Promise<number> {
  const outdated: Made[] = [];
  for (const page of listPages()) outdated.push(...(await makePage(page)).filter(isOutdated));
  for (const { file, text } of outdated) {
    if (!onlyCheck) writeFileSync(file, text);
    console.log(`${basename(file)} ${onlyCheck ? 'is out of date; run: npm run docs' : 'written'}`);
  }
  return onlyCheck && outdated.length > 0 ? 1 : 0;
}

function isOutdated({ file, text }: Made): boolean {
  try {
    return readFileSync(file, 'utf8') !== text;
  } catch {
    return true;
  }
}

main(process.argv.includes('--check')).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
