import { join } from 'node:path';
import { Bench } from '../bench';
import { writeLlama } from '../data/write-checkpoint';
import { megabytes, percent, Result } from '../result';
import { compressProcess } from '../run/compress-process';
import { cleanUp } from '../run/disk';
import { median } from '../statistics';

/** Peak resident memory of the whole process with one worker, for a large checkpoint and a small one. */
export async function measureMemory(bench: Bench): Promise<Result[]> {
  const { smallBytes, largeBytes, fewRounds } = bench.sizes;
  const recipes = ['w8a8', 'w4a16', 'nvfp4a16'];
  const destination = join(bench.folder, 'memory-out');
  const peaks = async (bytes: number): Promise<number[]> => {
    const source = join(bench.folder, 'memory');
    bench.report('memory: writing a checkpoint');
    await writeLlama(source, bytes);
    const found: number[] = [];
    for (const recipe of recipes) {
      bench.report(`memory: ${recipe} of ${(bytes / 1e9).toFixed(1)} GB`);
      const values: number[] = [];
      for (let round = 0; round < fewRounds; round++) {
        await cleanUp(destination);
        values.push((await compressProcess({ source, destination, recipe, mode: 'exact', jobs: 1 })).peakBytes);
      }
      found.push(median(values));
    }
    await cleanUp(destination);
    await cleanUp(source);
    return found;
  };
  const small = await peaks(smallBytes);
  const large = await peaks(largeBytes);
  return recipes.flatMap((recipe, i): Result[] => {
    const subject = `${recipe} exact, peak of a process with 1 worker`;
    const ours = `${megabytes(large[i])} for ${(largeBytes / 1e9).toFixed(1)} GB`;
    const other = `${megabytes(small[i])} for ${(smallBytes / 1e9).toFixed(1)} GB`;
    const shared = { part: 'memory', ours, other };
    return [
      { ...shared, subject, value: large[i], target: { bound: 'at most', value: 400e6, format: megabytes } },
      {
        ...shared,
        subject: `${recipe} exact, large over small`,
        value: large[i] / small[i] - 1,
        target: { bound: 'at most', value: 0.1, format: percent },
      },
    ];
  });
}
