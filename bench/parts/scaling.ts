import { join } from 'node:path';
import { Bench } from '../bench';
import { writeLlama } from '../data/write-checkpoint';
import { Result, seconds, times } from '../result';
import { compressProcess } from '../run/compress-process';
import { cleanUp, warm } from '../run/disk';
import { interleave, median } from '../statistics';

/** Two workers against one, on the same checkpoint. */
export async function measureScaling(bench: Bench): Promise<Result[]> {
  const { scalingBytes, fewRounds } = bench.sizes;
  const source = join(bench.folder, 'scaling');
  bench.report('scaling: writing a checkpoint');
  const bytes = await writeLlama(source, scalingBytes);
  await warm(source);
  const destination = join(bench.folder, 'scaling-out');
  const results: Result[] = [];
  for (const [recipe, mode] of [
    ['w8a8', 'exact'],
    ['w4a16', 'exact'],
    ['w4a16', 'best'],
  ] as const) {
    bench.report(`scaling: ${recipe} ${mode}`);
    const run = (jobs: number) => async () => {
      await cleanUp(destination);
      return (await compressProcess({ source, destination, recipe, mode, jobs })).seconds;
    };
    const [one, two] = (await interleave([run(1), run(2)], fewRounds)).map(median) as [number, number];
    results.push({
      part: 'scaling',
      subject: `${recipe} ${mode}, ${(bytes / 1e9).toFixed(1)} GB, 2 workers`,
      ours: seconds(two),
      other: `1 worker ${seconds(one)}`,
      value: one / two,
      target: { bound: 'at least', value: 1.8, format: times },
    });
  }
  await cleanUp(destination);
  await cleanUp(source);
  return results;
}
