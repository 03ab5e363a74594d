import { join } from 'node:path';
import { Bench } from '../bench';
import { writeLlama } from '../data/write-checkpoint';
import { percent, Result, speed } from '../result';
import { compressProcess } from '../run/compress-process';
import { cleanUp, copyFolder, warm } from '../run/disk';
import { interleave, median, timed } from '../statistics';

/** Disk to disk with two workers, against copying the checkpoint on the same disk. */
export async function measureCopy(bench: Bench): Promise<Result[]> {
  const { copyBytes, rounds } = bench.sizes;
  const source = join(bench.folder, 'copy');
  bench.report('copy: writing a checkpoint');
  const bytes = await writeLlama(source, copyBytes);
  await warm(source);
  const destination = join(bench.folder, 'copy-out');
  const recipes = ['fp8', 'w8a8', 'w4a16'];
  const copy = async () => {
    await cleanUp(destination);
    return timed(() => copyFolder(source, destination));
  };
  const compress = (recipe: string) => async () => {
    await cleanUp(destination);
    return (await compressProcess({ source, destination, recipe, mode: 'exact', jobs: 2 })).seconds;
  };
  bench.report(`copy: cp and ${recipes.join(', ')}, in turns`);
  const [copied, ...compressed] = (await interleave([copy, ...recipes.map(compress)], rounds)).map(median);
  await cleanUp(destination);
  await cleanUp(source);
  return recipes.map((recipe, i) => ({
    part: 'copy',
    subject: `${recipe} exact, ${(bytes / 1e9).toFixed(1)} GB, disk to disk, 2 workers`,
    ours: speed(bytes, compressed[i]),
    other: `cp ${speed(bytes, copied)}`,
    value: copied / compressed[i],
    target: { bound: 'at least', value: 0.7, format: percent },
  }));
}
