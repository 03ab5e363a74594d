import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { buildSync } from 'esbuild';

/** The command line as it is shipped; `npm run build` makes it. */
const COMMAND = resolve(__dirname, '../../dist/cli/modelpress.js');

/** What is loaded before it; compiled, because tsx would need more memory than what is measured. */
const HOOK = resolve(__dirname, '../../.modelpress/bench/report-usage.js');

export interface CompressRun {
  readonly source: string;
  readonly destination: string;
  readonly recipe: string;
  readonly mode: 'exact' | 'best';
  readonly jobs: number;
}

export interface CompressUsage {
  /** From the start of the process to its end. */
  readonly seconds: number;
  /** As the command itself says: without the start of Node and of its modules, as the peers' are without Python's. */
  readonly workSeconds: number;
  /** The most memory that was resident at once, all threads together. */
  readonly peakBytes: number;
}

/** Runs `modelpress compress` in a process of its own. Throws with what it said when it fails. */
export async function compressProcess(run: CompressRun): Promise<CompressUsage> {
  const { source, destination, recipe, mode, jobs } = run;
  compileHook();
  const args = ['compress', source, destination, '--recipe', recipe, '--mode', mode, '--jobs', String(jobs), '--json'];
  const start = process.hrtime.bigint();
  const child = spawn(process.execPath, ['--require', HOOK, COMMAND, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const told = text(child.stdout!);
  const said = text(child.stderr!);
  const usage = text(child.stdio[3] as Readable);
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (code !== 0) throw new Error(`modelpress ${args.join(' ')} ended with ${code}:\n${await said}`);
  const { seconds: workSeconds } = JSON.parse(await told) as { seconds: number };
  return { seconds, workSeconds, peakBytes: Number(await usage) };
}

let compiled = false;

function compileHook(): void {
  if (compiled) return;
  buildSync({ entryPoints: [join(__dirname, 'report-usage.ts')], outfile: HOOK, platform: 'node', format: 'cjs' });
  compiled = true;
}
