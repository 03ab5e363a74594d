import { join } from 'node:path';
import { Bench } from '../bench';
import { writeLlama } from '../data/write-checkpoint';
import { percent, Result, speed } from '../result';
import { compressProcess } from '../run/compress-process';
import { cleanUp, copyFolder, flush, warm } from '../run/disk';
import { interleave, median, timed } from '../statistics';

const RECIPES = ['fp8', 'w8a8', 'w4a16'];

/**
 * Disk to disk with two workers, against copying the checkpoint on the same disk. The source is in the page cache for
 * both. Each run gives two times: until its process ends, when much of what it wrote is still in the page cache, and
 * until the disk has all of it.
 */
export async function measureCopy(bench: Bench): Promise<Result[]> {
  const { copyBytes, fewRounds } = bench.sizes;
  const source = join(bench.folder, 'copy');
  bench.report('copy: writing a checkpoint');
  const bytes = await writeLlama(source, copyBytes);
  await warm(source);
  const destination = join(bench.folder, 'copy-out');
  const compress = (recipe: string) => async () =>
    (await compressProcess({ source, destination, recipe, mode: 'exact', jobs: 2 })).seconds;
  const works = [() => timed(() => copyFolder(source, destination)), ...RECIPES.map(compress)];
  const onDisk: number[][] = works.map(() => []);
  const measurements = works.map((work, i) => async () => {
    await cleanUp(destination);
    const written = await work();
    onDisk[i].push(written + (await timed(flush)));
    return written;
  });
  bench.report(`copy: cp and ${RECIPES.join(', ')}, in turns`);
  const written = await interleave(measurements, fewRounds);
  await cleanUp(destination);
  await cleanUp(source);
  const results = (times: readonly number[][], what: string) => {
    const [copied, ...compressed] = times.map(median);
    return RECIPES.map((recipe, i): Result => ({
      part: 'copy',
      subject: `${recipe} exact, ${(bytes / 1e9).toFixed(1)} GB, 2 workers, ${what}`,
      ours: speed(bytes, compressed[i]),
      other: `cp ${speed(bytes, copied)}`,
      value: copied / compressed[i],
      target: { bound: 'at least', value: 0.7, format: percent },
    }));
  };
  return [...results(written, 'until written'), ...results(onDisk, 'until on the disk')];
}
