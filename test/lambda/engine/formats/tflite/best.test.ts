import { edgeWeights, squaredError } from '../edge-weights';
import { compress, filesOf } from './memory-model';
import { modelOf } from './own-model';
import { readModel } from './read-model';

const [ROWS, COLUMNS] = [32, 64];

/** The weights as a model has them, decoded. */
async function decoded(weights: Float32Array, method: string, mode: string): Promise<(at: number) => number> {
  const { outputs } = await compress(filesOf({ 'model.tflite': modelOf(weights) }), { method, mode });
  const { data, scales } = (await readModel(outputs['model.tflite'])).constants.get('w')!;
  const scaleOf = (at: number) => Math.fround(scales[Math.floor(at / COLUMNS)]);
  if (method === 'int8') return (at) => ((data[at] << 24) >> 24) * scaleOf(at);
  return (at) => ((((data[at >> 1] >> (4 * (at & 1))) & 15) << 28) >> 28) * scaleOf(at);
}

test.each(['int8', 'int4'])('%s: best has no more error than exact at any matrix', async (method) => {
  const more: [string, number, number][] = [];
  let less = 0;
  for (const [name, weights] of Object.entries(edgeWeights(ROWS, COLUMNS))) {
    const [exact, best] = [await decoded(weights, method, 'exact'), await decoded(weights, method, 'best')].map(
      (made) => squaredError(weights, made),
    );
    if (!(best <= exact * 1.000001)) more.push([name, best, exact]);
    if (best < exact) less++;
  }
  expect(more).toEqual([]);
  expect(less).toBeGreaterThan(3);
});
