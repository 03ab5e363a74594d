import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Bench } from '../bench';
import { randomWeights } from '../data/random-weights';
import { PeerProcess } from '../peers/peer-process';
import { Result, speed, times } from '../result';
import { MatrixInMemory } from '../run/encode-in-memory';
import { interleave, median } from '../statistics';
import { PRESETS } from './presets';

/** The observer that searches for the least error. */
const MSE = 'memoryless_mse';

/** A matrix in memory to its compressed tensors in memory, one thread each. */
export async function measureKernels(bench: Bench): Promise<Result[]> {
  const { rows, columns, rounds, fewRounds } = bench.sizes;
  const peer = await bench.peers(1);
  const weights = randomWeights(rows * columns);
  const file = join(bench.folder, 'matrix.bin');
  await writeFile(file, weights);
  await peer.ask({ do: 'load', file, rows, columns });
  const matrix = new MatrixInMemory(weights, rows, columns);
  const results: Result[] = [];
  for (const method of Object.keys(PRESETS)) {
    bench.report(`kernels: ${method} exact`);
    await checkSameBytes(matrix, method, peer);
    results.push(await compare(bench, matrix, peer, method, 'exact', rounds));
  }
  for (const method of ['w4a16', 'w4a16-asym']) {
    bench.report(`kernels: ${method} best`);
    results.push(await compare(bench, matrix, peer, method, 'best', fewRounds));
  }
  return results;
}

/** What is compared must do the same work; besides, it warms both sides up. */
async function checkSameBytes(matrix: MatrixInMemory, method: string, peer: PeerProcess): Promise<void> {
  const ours = matrix.encoder(method, 'exact');
  await ours.run();
  const { digests } = await peer.ask({ do: 'compress', scheme: PRESETS[method], digests: true });
  for (const [name, digest] of Object.entries(ours.digests())) {
    if (digests![name] !== digest) throw new Error(`${method}: ${name} differs from compressed-tensors' own`);
  }
}

async function compare(
  { sizes }: Bench,
  matrix: MatrixInMemory,
  peer: PeerProcess,
  method: string,
  mode: 'exact' | 'best',
  rounds: number,
): Promise<Result> {
  const ours = matrix.encoder(method, mode);
  await ours.run();
  const request = { do: 'compress', scheme: PRESETS[method], ...(mode === 'best' ? { observer: MSE } : {}) } as const;
  let theirLast = 0;
  // For as long as one of theirs took, and three at least: what slows the machine for a moment weighs alike on both.
  const mine = async () => {
    const values: number[] = [];
    for (let spent = 0; values.length < 3 || spent < theirLast; spent += values.at(-1)!) values.push(await ours.run());
    return median(values);
  };
  const theirs = async () => (theirLast = (await peer.ask(request)).seconds!);
  const [a, b] = (await interleave([mine, theirs], rounds)).map(median) as [number, number];
  const bytes = 2 * sizes.rows * sizes.columns;
  return {
    part: 'kernels',
    subject: `${method} ${mode}, bf16 in memory, 1 thread`,
    ours: speed(bytes, a),
    other: `${mode === 'best' ? 'MSE observer' : 'compressed-tensors'} ${speed(bytes, b)}`,
    value: b / a,
    target: { bound: 'at least', value: mode === 'best' ? 5 : 20, format: times },
  };
}
