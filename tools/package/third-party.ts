import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The kernels hold parts of its standard library, without an import that esbuild could see. */
const COMPILED_IN = ['node_modules/assemblyscript'];

/**
 * The licences of everything that was bundled: whoever passes bundles on must pass these on, too.
 *
 * @param inputs paths of bundled files, relative to the root, as esbuild lists them
 */
export function thirdPartyLicences(root: string, inputs: readonly string[]): string {
  const folders = new Set([...inputs.flatMap(packageFolder), ...COMPILED_IN]);
  const byText = new Map<string, string[]>();
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Record<
      string,
      string
    >;
    const text = licenceText(join(root, folder)) ?? `Licence: ${license}`;
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version}`]);
  }
  const parts = [...byText].map(([text, names]) => `${names.join(', ')}\n\n${text.trim()}\n`);
  return `What is bundled in this package besides its own code, and under which terms.\n\n${parts.join(`\n${'-'.repeat(78)}\n\n`)}`;
}

function packageFolder(path: string): string[] {
  const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
  return match === null ? [] : [match[1]];
}

function licenceText(folder: string): string | undefined {
  const name = readdirSync(folder).find((file) => /^licen[cs]e(\.(md|txt))?$/i.test(file));
  return name !== undefined && existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined;
}
