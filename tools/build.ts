/**
 * Builds what the constructs deploy and the command line runs: the kernels as WASM, one bundle a Lambda handler in
 * `dist/lambda/<name>/index.js`, and the command line with its worker thread in `dist/cli`. The AWS SDK goes into the bundles, so that what
 * was tested is what runs.
 *
 * Run as a program, it compiles the constructs for their package, too, unless it is told `--bundles`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build, BuildOptions, Plugin } from 'esbuild';
import { buildKernels } from './build-kernels';
import { isBuilt, rememberBuilt } from './build-stamp';
import { reportBundleSizes } from './package/bundle-sizes';
import { compilePackage } from './package/compile-package';
import { thirdPartyLicences } from './package/third-party';
import { runTool } from './run-tool';

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

/** Keeps the AWS SDK in a file of its own, which a run between folders does not read. */
const storesApart: Plugin = {
  name: 'stores-apart',
  setup: (bundler) =>
    bundler.onResolve({ filter: /\/support\/stores$/ }, ({ kind }) =>
      kind === 'require-call' ? { path: './stores.js', external: true } : undefined,
    ),
};

/** Takes a few seconds, so it does nothing while all that went into the bundles is as it was. */
export async function buildAll(): Promise<void> {
  await buildKernels();
  const names = handlerNames();
  if (isBuilt(root, names)) return;
  removeOldHandlers();
  const handlers = bundle({
    entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, `lambda/${name}.ts`])),
    outdir: 'dist/lambda',
  });
  const commandLine = bundle({
    entryPoints: {
      modelpress: 'bin/modelpress.ts',
      'compress-worker': 'cli/compress-worker.ts',
      stores: 'lambda/support/stores.ts',
      // Loaded by the commands that need it, with its own copy of the SDK.
      'pipeline/commands': 'cli/pipeline/commands.ts',
    },
    outdir: 'dist/cli',
    // Only the checkout runs workers from TypeScript.
    external: ['tsx/cjs', './pipeline/commands'],
    plugins: [storesApart],
  });
  const built = await Promise.all([handlers, commandLine]);
  const inputs = [...new Set(built.flatMap((bundles) => bundles.inputs))];
  const licences = join(root, 'dist', 'THIRD-PARTY-LICENSES.txt');
  writeFileSync(licences, thirdPartyLicences(root, inputs));
  rememberBuilt(root, names, inputs, [licences, ...built.flatMap((bundles) => bundles.outputs)]);
}

interface Bundles {
  /** Paths of all files that went in, relative to the root. */
  readonly inputs: string[];
  readonly outputs: string[];
}

/** Writes only what has changed, so that whoever reads the bundles meanwhile never sees half a file. */
async function bundle(options: BuildOptions): Promise<Bundles> {
  const { outputFiles, metafile } = await build({ ...common, ...options, metafile: true, write: false });
  for (const { path, contents } of outputFiles) {
    if (existsSync(path) && readFileSync(path).equals(contents)) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
  return { inputs: Object.keys(metafile.inputs), outputs: outputFiles.map(({ path }) => path) };
}

/** Bundles of handlers that are no longer there would go into the package. */
function removeOldHandlers(): void {
  const folder = join(root, 'dist', 'lambda');
  if (!existsSync(folder)) return;
  const names = handlerNames();
  for (const name of readdirSync(folder).filter((built) => !names.includes(built)))
    rmSync(join(folder, name), { recursive: true });
}

async function main(args: readonly string[]): Promise<void> {
  await buildAll();
  if (args.includes('--bundles')) return;
  reportBundleSizes((line) => console.log(line));
  compilePackage();
}

if (require.main === module) {
  runTool(() => main(process.argv.slice(2)));
}
