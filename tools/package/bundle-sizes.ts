import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { zipSync } from 'fflate';

const bundles = resolve(__dirname, '..', '..', 'dist', 'lambda');

/** A function that is larger starts later. */
export const LARGEST_BUNDLE = 1_000_000;

export interface BundleSize {
  readonly name: string;
  /** Bytes of its zip, which is what Lambda loads. */
  readonly zipped: number;
}

/** The bundles as they are, largest first. */
export function bundleSizes(): BundleSize[] {
  return readdirSync(bundles)
    .map((name) => ({ name, zipped: zipSync({ 'index.js': readFileSync(join(bundles, name, 'index.js')) }).length }))
    .sort((a, b) => b.zipped - a.zipped);
}

/** @throws Error when a bundle is too large */
export function reportBundleSizes(report: (line: string) => void): void {
  const sizes = bundleSizes();
  report('Lambda bundles, zipped:');
  for (const { name, zipped } of sizes) report(`  ${name.padEnd(24)}${(zipped / 1000).toFixed(0).padStart(5)} kB`);
  const tooLarge = sizes.filter(({ zipped }) => zipped > LARGEST_BUNDLE);
  if (tooLarge.length === 0) return;
  throw new Error(
    `${tooLarge.map(({ name }) => name).join(', ')}: more than ${LARGEST_BUNDLE / 1000} kB zipped. Look for an import that pulls in ` +
      'a whole library, or move what only one handler needs out of the files that all share.',
  );
}
