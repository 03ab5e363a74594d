import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Bench } from '../bench';
import { TflitePeerJob, tflitePeers } from '../peers/tflite-peer';
import { megabytes, percent, Result, seconds, times } from '../result';
import { compressProcess } from '../run/compress-process';
import { cleanUp, warm } from '../run/disk';
import { shareOfDifferences } from '../run/tflite-weights';
import { median } from '../statistics';

const MODEL = 'model.tflite';

/** Share of int8 weights so close to a tie that ai-edge-quantizer, which computes in float32, rounds them otherwise. */
const TIES = 1e-5;

/** What one run of a tool took. */
interface Usage {
  readonly seconds: number;
  readonly peakBytes: number;
}

/** A TFLite model against TensorFlow's converter, which starts from the network, and ai-edge-quantizer, from the model. */
export async function measureTflite(bench: Bench): Promise<Result[]> {
  const { tfliteLayers, fewRounds } = bench.sizes;
  const peer = await tflitePeers(bench.report);
  const [source, ours, theirs] = ['tflite', 'tflite-out', 'tflite-peer'].map((name) => join(bench.folder, name)) as [
    string,
    string,
    string,
  ];
  const layers = String(tfliteLayers);
  await mkdir(source);
  bench.report('tflite: converting a network of random weights');
  const float = await peer(['convert', 'float', layers, join(source, MODEL)]);
  bench.usedVersions(float.versions);
  await warm(source);

  const target = join(theirs, MODEL);
  const against = async (recipe: 'int8' | 'int4', name: string, job: TflitePeerJob, atLeast: number, allowed = 0) => {
    bench.report(`tflite: ${recipe}, ${name}`);
    const [mine, other]: [Usage[], Usage[]] = [[], []];
    for (let round = 0; round < fewRounds; round++) {
      for (const folder of [ours, theirs]) await cleanUp(folder);
      await mkdir(theirs);
      const run = { source, destination: ours, recipe, mode: 'exact', jobs: availableParallelism() } as const;
      mine.push(await compressProcess(run));
      other.push(await peer(job));
      if (round > 0) continue;
      const share = await shareOfDifferences(join(ours, MODEL), target);
      if (share > allowed) throw new Error(`tflite: ${name} gives other ${recipe} weights, ${share} of the bytes`);
    }
    return compare(`${recipe} exact, ${tfliteLayers * 67} MB`, name, mine, other, atLeast);
  };
  const results = [
    ...(await against('int8', 'TFLiteConverter', ['convert', 'int8', layers, target], 10)),
    ...(await against('int8', 'ai-edge-quantizer', ['quantize', 'int8', join(source, MODEL), target], 1, TIES)),
    ...(await against('int4', 'ai-edge-quantizer', ['quantize', 'int4', join(source, MODEL), target], 1)),
  ];
  for (const folder of [source, ours, theirs]) await cleanUp(folder);
  return results;
}

function compare(subject: string, name: string, mine: Usage[], other: Usage[], atLeast: number): Result[] {
  const middle = (of: keyof Usage) =>
    [mine, other].map((runs) => median(runs.map((run) => run[of]))) as [number, number];
  const [ourSeconds, theirSeconds] = middle('seconds');
  const [ourBytes, theirBytes] = middle('peakBytes');
  return [
    {
      part: 'tflite',
      subject: `${subject}, file to file`,
      ours: seconds(ourSeconds),
      other: `${name} ${seconds(theirSeconds)}`,
      value: theirSeconds / ourSeconds,
      target: { bound: 'at least', value: atLeast, format: times },
    },
    {
      part: 'tflite',
      subject: `${subject}, peak memory`,
      ours: megabytes(ourBytes),
      other: `${name} ${megabytes(theirBytes)}`,
      value: ourBytes / theirBytes,
      target: { bound: 'at most', value: 0.25, format: percent },
    },
  ];
}
