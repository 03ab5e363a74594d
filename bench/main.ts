/** Measures what modelpress must reach: `npm run bench [-- [--quick] [part]…]`. See docs/benchmarks.md. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildAll } from '../tools/build';
import { Bench, Part } from './bench';
import { measureCopy } from './parts/copy';
import { measureJob } from './parts/job';
import { measureKernels } from './parts/kernels';
import { measureMemory } from './parts/memory';
import { measureOnnx } from './parts/onnx';
import { measureOnnxBeside } from './parts/onnx-beside';
import { measurePlan } from './parts/plan';
import { measureScaling } from './parts/scaling';
import { measureTflite } from './parts/tflite';
import { ensurePeers } from './peers/ensure-peers';
import { PeerProcess } from './peers/peer-process';
import { isMet, Result } from './result';
import { FULL, QUICK } from './sizes';
import { renderTable } from './table';
import { runTool } from '../tools/run-tool';

const PARTS: Readonly<Record<string, Part>> = {
  kernels: measureKernels,
  job: measureJob,
  copy: measureCopy,
  scaling: measureScaling,
  memory: measureMemory,
  plan: measurePlan,
  tflite: measureTflite,
  onnx: measureOnnx,
  'onnx-beside': measureOnnxBeside,
};

/** In the project's folder, because the folder for temporary files is in memory on some systems. */
const PLACE = resolve(__dirname, '../.modelpress/bench');

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true });
  const unknown = positionals.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0) {
    console.error(`unknown part: ${unknown.join(', ')}; choose from ${Object.keys(PARTS).join(', ')}`);
    process.exitCode = 2;
    return;
  }
  await buildAll();
  await mkdir(PLACE, { recursive: true });
  const folder = await mkdtemp(join(PLACE, 'run-'));
  const peers: PeerProcess[] = [];
  const versions = new Map<string, string>();
  const usedVersions = (used: Readonly<Record<string, string>>) => {
    for (const [name, version] of Object.entries(used)) versions.set(name, version);
  };
  const report = (line: string) => console.error(line);
  const bench: Bench = {
    sizes: values.quick === true ? QUICK : FULL,
    folder,
    report,
    usedVersions,
    peers: async (threads) => {
      const peer = await PeerProcess.start(await ensurePeers(report), threads);
      peers.push(peer);
      const answer = await peer.ask({ do: 'versions' });
      usedVersions(answer.versions!);
      return peer;
    },
  };
  const stop = (signal: NodeJS.Signals) => {
    for (const peer of peers) peer.stop();
    // The default action would leave gigabytes behind.
    void rm(folder, { recursive: true, force: true }).finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const results: Result[] = [];
  try {
    for (const name of positionals.length > 0 ? positionals : Object.keys(PARTS)) {
      results.push(...(await PARTS[name](bench)));
      while (peers.length > 0) peers.pop()!.stop();
    }
  } finally {
    for (const peer of peers) peer.stop();
    await rm(folder, { recursive: true, force: true });
  }
  const missed = results.filter((result) => !isMet(result)).length;
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, ${memory}`;
  console.log(renderTable(results));
  console.log(`\n${results.length - missed} of ${results.length} targets met; medians, taken in turns.`);
  const used = [`Node ${process.versions.node}`, [...versions].map((entry) => entry.join(' ')).join(', ')];
  console.log(`${[machine, ...used].filter((part) => part !== '').join('; ')}.`);
}

runTool(main);
