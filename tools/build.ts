/**
 * Builds what the constructs deploy and the command line runs: the kernels as WASM, one bundle a Lambda handler in
 * `dist/lambda/<name>/index.js`, and the command line with its worker thread in `dist/cli`. The AWS SDK goes into the bundles, so that what
 * was tested is what runs.
 */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, BuildOptions } from 'esbuild';
import { buildKernels } from './build-kernels';

const root = resolve(__dirname, '..');

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
  absWorkingDir: root,
};

/** Names of the handlers: one file of `lambda/` each. */
export function handlerNames(): string[] {
  return readdirSync(join(root, 'lambda'))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.slice(0, -'.ts'.length))
    .sort();
}

export async function buildAll(): Promise<void> {
  await buildKernels();
  await Promise.all(
    handlerNames().map((name) =>
      build({ ...common, entryPoints: [`lambda/${name}.ts`], outfile: `dist/lambda/${name}/index.js` }),
    ),
  );
  await build({
    ...common,
    entryPoints: { modelpress: 'bin/modelpress.ts', 'compress-worker': 'cli/compress-worker.ts' },
    outdir: 'dist/cli',
    // Only the checkout runs workers from TypeScript.
    external: ['tsx/cjs'],
  });
}

if (require.main === module) {
  buildAll().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
