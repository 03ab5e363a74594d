/**
 * Compiles the AssemblyScript kernels into a TypeScript file that holds the WASM as base64: the one form that tsc, jest
 * and esbuild all take. Does nothing while the sources are those of the last time.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runTool } from './run-tool';

const root = resolve(__dirname, '..');
const folder = join(root, 'lambda/engine/kernels/assembly');
const target = join(root, 'lambda/engine/kernels/kernels.wasm.ts');

/** Not a literal at the import, because the package's declarations would replace Node's own `console` and `process`. */
const COMPILER: string = 'assemblyscript/asc';

const OPTIONS = [
  '--runtime',
  'stub',
  '--importMemory',
  '--initialMemory',
  '2',
  '--noAssert',
  '--enable',
  'simd',
  '-O3',
];

export async function buildKernels(): Promise<void> {
  const stamp = `// sources: ${digestOfSources()}`;
  if (existsSync(target) && readFileSync(target, 'utf8').includes(stamp)) return;
  const wasm = await compile();
  const code = `${stamp}\n/** The kernels as a WASM module, base64. Generated from assembly/. */\nexport const KERNELS_WASM = '${Buffer.from(wasm).toString('base64')}';\n`;
  writeFileSync(target, code);
}

function digestOfSources(): string {
  const hash = createHash('sha256').update(OPTIONS.join(' '));
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest('hex');
}

interface Asc {
  main(
    args: string[],
    options: { writeFile: (name: string, contents: Uint8Array) => void },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
}

async function compile(): Promise<Uint8Array> {
  const { default: asc } = (await import(COMPILER)) as { default: Asc };
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [join(folder, 'index.ts'), '--outFile', 'kernels.wasm', '--baseDir', folder, ...OPTIONS],
    { writeFile: (_name, contents) => (wasm = contents) },
  );
  if (error !== null || wasm === undefined) throw new Error(`the kernels do not compile:\n${stderr.toString()}`);
  return wasm;
}

if (require.main === module) {
  runTool(buildKernels);
}
