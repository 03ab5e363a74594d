import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Bench } from '../bench';
import { compareUsage, Usage } from '../compare-usage';
import { OnnxModel, OnnxPeerJob, onnxPeers } from '../peers/onnx-peer';
import { Result } from '../result';
import { compressProcess } from '../run/compress-process';
import { cleanUp, warm } from '../run/disk';

const MODEL = 'model.onnx';

/** A recipe, and the quantizer of onnxruntime that does the same. */
interface Match {
  readonly recipe: string;
  readonly model: OnnxModel;
  readonly quantizer: 'dynamic' | 'four-bit';
  readonly name: string;
}

const MATCHES: readonly Match[] = [
  { recipe: 'int8-dynamic', model: 'products', quantizer: 'dynamic', name: 'quantize_dynamic' },
  { recipe: 'int8-dynamic', model: 'convolutions', quantizer: 'dynamic', name: 'quantize_dynamic' },
  { recipe: 'w4a16', model: 'products', quantizer: 'four-bit', name: 'MatMulNBitsQuantizer' },
];

/** ONNX models of matrix products and of convolutions against onnxruntime's own quantizers, file to file. */
export async function measureOnnx(bench: Bench): Promise<Result[]> {
  const { onnxProducts, onnxConvolutions, fewRounds } = bench.sizes;
  const peer = await onnxPeers(bench.report);
  const [ours, theirs] = ['onnx-out', 'onnx-peer'].map((name) => join(bench.folder, name)) as [string, string];
  const counts: Readonly<Record<OnnxModel, number>> = { products: onnxProducts, convolutions: onnxConvolutions };
  const sources = {} as Record<OnnxModel, string>;
  for (const model of ['products', 'convolutions'] as const) {
    bench.report(`onnx: writing ${model}`);
    sources[model] = join(bench.folder, `onnx-${model}`);
    await mkdir(sources[model]);
    bench.usedVersions((await peer(['make', model, String(counts[model]), join(sources[model], MODEL)])).versions);
    await warm(sources[model]);
  }
  const results: Result[] = [];
  for (const { recipe, model, quantizer, name } of MATCHES) {
    bench.report(`onnx: ${recipe} of ${model}, ${name}`);
    const source = sources[model];
    const target = join(theirs, MODEL);
    const job: OnnxPeerJob = [quantizer, join(source, MODEL), target];
    const [mine, other]: [Usage[], Usage[]] = [[], []];
    for (let round = 0; round < fewRounds; round++) {
      for (const folder of [ours, theirs]) await cleanUp(folder);
      await mkdir(theirs);
      const run = { source, destination: ours, recipe, mode: 'exact', jobs: availableParallelism() } as const;
      const { workSeconds, peakBytes } = await compressProcess(run);
      mine.push({ seconds: workSeconds, peakBytes });
      other.push(await peer(job));
      if (round > 0) continue;
      const { differences, compared } = await peer(['compare', join(ours, MODEL), target]);
      if (differences !== 0 || compared === 0)
        throw new Error(`onnx: ${name} gives other weights, ${differences} of ${compared} bytes`);
    }
    const size = `${counts[model] * (model === 'products' ? 67 : 9.4)} MB`;
    const subject = `${recipe} exact of ${model}, ${size}`;
    results.push(...compareUsage({ part: 'onnx', subject, name, ours: mine, other, atLeast: 10 }));
  }
  for (const folder of [...Object.values(sources), ours, theirs]) await cleanUp(folder);
  return results;
}
