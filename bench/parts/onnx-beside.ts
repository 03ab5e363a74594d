import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Bench } from '../bench';
import { onnxPeers } from '../peers/onnx-peer';
import { megabytes, percent, Result, seconds } from '../result';
import { CompressUsage, compressProcess } from '../run/compress-process';
import { cleanUp } from '../run/disk';

const MODEL = 'model.onnx';

/** Recipes, with what their answers may differ from the float model's by: weights of a normal distribution, no more. */
const RECIPES: readonly [recipe: string, difference: number][] = [
  ['int8', 0.02],
  ['w4a16', 0.15],
];

/** What one model became, and how much memory it took. */
interface Compressed {
  readonly usage: CompressUsage;
  readonly difference: number;
}

/**
 * ONNX models with their data beside them: one that no single message of protobuf could hold, and one a tenth of it. Both are
 * compressed, checked by onnx and run by onnxruntime.
 */
export async function measureOnnxBeside(bench: Bench): Promise<Result[]> {
  const { onnxBeside } = bench.sizes;
  const peer = await onnxPeers(bench.report);
  const [source, destination] = ['onnx-beside', 'onnx-beside-out'].map((name) => join(bench.folder, name)) as [
    string,
    string,
  ];
  const compressAll = async (count: number): Promise<{ bytes: number; made: Compressed[] }> => {
    bench.report(`onnx-beside: writing ${count * 67} MB`);
    await mkdir(source);
    bench.usedVersions((await peer(['beside', String(count), join(source, MODEL)])).versions);
    const { size: bytes } = await stat(join(source, `${MODEL}.data`));
    const made: Compressed[] = [];
    for (const [recipe] of RECIPES) {
      bench.report(`onnx-beside: ${recipe} of ${megabytes(bytes)}`);
      const usage = await compressProcess({ source, destination, recipe, mode: 'exact', jobs: 1 });
      const { difference } = await peer(['answers', join(destination, MODEL), join(source, MODEL)]);
      made.push({ usage, difference: difference! });
      await cleanUp(destination);
    }
    await cleanUp(source);
    return { bytes, made };
  };
  const small = await compressAll(Math.max(1, Math.round(onnxBeside / 10)));
  const large = await compressAll(onnxBeside);
  return RECIPES.flatMap(([recipe, limit], at): Result[] => {
    const subject = `${recipe} exact of ${megabytes(large.bytes)} beside the model`;
    const { usage, difference } = large.made[at];
    return [
      {
        part: 'onnx-beside',
        subject: `${subject}, peak memory`,
        ours: `${megabytes(usage.peakBytes)}, in ${seconds(usage.seconds)}`,
        other: `${megabytes(small.made[at].usage.peakBytes)} for ${megabytes(small.bytes)}`,
        value: usage.peakBytes,
        target: { bound: 'at most', value: 400e6, format: megabytes },
      },
      {
        part: 'onnx-beside',
        subject: `${subject}, answers`,
        ours: 'passes onnx.checker, runs in onnxruntime',
        other: 'the float model',
        value: difference,
        target: { bound: 'at most', value: limit, format: percent },
      },
    ];
  });
}
