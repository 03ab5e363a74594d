import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Bench } from '../bench';
import { compareUsage, Usage } from '../compare-usage';
import { TflitePeerJob, tflitePeers } from '../peers/tflite-peer';
import { Result } from '../result';
import { compressProcess } from '../run/compress-process';
import { cleanUp, warm } from '../run/disk';
import { shareOfDifferences } from '../run/tflite-weights';

const MODEL = 'model.tflite';

/** Share of int8 weights so close to a tie that ai-edge-quantizer, which computes in float32, rounds them otherwise. */
const TIES = 1e-5;

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
      const { workSeconds, peakBytes } = await compressProcess(run);
      mine.push({ seconds: workSeconds, peakBytes });
      other.push(await peer(job));
      if (round > 0) continue;
      const share = await shareOfDifferences(join(ours, MODEL), target);
      if (share > allowed) throw new Error(`tflite: ${name} gives other ${recipe} weights, ${share} of the bytes`);
    }
    const subject = `${recipe} exact, ${tfliteLayers * 67} MB`;
    return compareUsage({ part: 'tflite', subject, name, ours: mine, other, atLeast });
  };
  const results = [
    ...(await against('int8', 'TFLiteConverter', ['convert', 'int8', layers, target], 10)),
    ...(await against('int8', 'ai-edge-quantizer', ['quantize', 'int8', join(source, MODEL), target], 1, TIES)),
    ...(await against('int4', 'ai-edge-quantizer', ['quantize', 'int4', join(source, MODEL), target], 1)),
  ];
  for (const folder of [source, ours, theirs]) await cleanUp(folder);
  return results;
}
