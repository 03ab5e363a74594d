import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Bench } from '../bench';
import { writeLlama } from '../data/write-checkpoint';
import { Result, seconds, times } from '../result';
import { compressProcess } from '../run/compress-process';
import { cleanUp, warm } from '../run/disk';
import { interleave, median } from '../statistics';
import { PRESETS } from './presets';

const IGNORE = ['lm_head', 're:.*embed_tokens.*'];

/** A whole checkpoint, disk to disk, against llm-compressor's own way without data, on all cores. */
export async function measureJob(bench: Bench): Promise<Result[]> {
  const { jobBytes, fewRounds } = bench.sizes;
  const cores = availableParallelism();
  const peer = await bench.peers(cores);
  const source = join(bench.folder, 'job');
  bench.report('job: writing a checkpoint');
  await writeLlama(source, jobBytes);
  await warm(source);
  const destination = join(bench.folder, 'job-out');
  const results: Result[] = [];
  for (const recipe of ['fp8', 'w8a8', 'w4a16']) {
    bench.report(`job: ${recipe}`);
    const once = async () => {
      await cleanUp(destination);
      return (await compressProcess({ source, destination, recipe, mode: 'exact', jobs: cores })).workSeconds;
    };
    // Three of ours to one of theirs: a short measurement is the one that noise disturbs most.
    const ours = async () => median([await once(), await once(), await once()]);
    const theirs = (workers: number) => async () => {
      await cleanUp(destination);
      const scheme = PRESETS[recipe];
      // Without the start of Python and its imports, which take seconds, as ours are without those of Node.
      return (await peer.ask({ do: 'model_free_ptq', source, destination, scheme, ignore: IGNORE, workers })).seconds!;
    };
    const [a, one, all] = (await interleave([ours, theirs(1), theirs(cores)], fewRounds)).map(median) as [
      number,
      number,
      number,
    ];
    const b = Math.min(one, all);
    results.push({
      part: 'job',
      subject: `${recipe} exact, ${(jobBytes / 1e9).toFixed(1)} GB, disk to disk, ${cores} cores`,
      ours: seconds(a),
      other: `model_free_ptq ${seconds(b)} (max_workers=${one <= all ? 1 : cores})`,
      value: b / a,
      target: { bound: 'at least', value: 8, format: times },
    });
  }
  await cleanUp(destination);
  await cleanUp(source);
  return results;
}
