import { child, makeTensor } from '../../../../../lambda/engine/formats/onnx/builders';
import { GRAPH } from '../../../../../lambda/engine/formats/onnx/schema';
import { edgeWeights, squaredError } from '../edge-weights';
import { compress, filesOf } from './memory-model';
import { model, node, value } from './own-models';
import { ReadModel, readOnnx } from './read-tensors';

/** More rows than a block of 32 has, and not a multiple of it. */
const [ROWS, COLUMNS, BLOCK] = [80, 32, 32];
const BLOCKS = Math.ceil(ROWS / BLOCK);

const WEIGHTS = edgeWeights(ROWS, COLUMNS);

/** A model of one product for each matrix. */
const SOURCE = model(
  [
    value(GRAPH.inputs, 'x', 1, ['batch', ROWS]),
    ...Object.entries(WEIGHTS).map(([name, weights]) =>
      child(GRAPH.initializers, makeTensor(name, 1, [ROWS, COLUMNS], new Uint8Array(weights.buffer))),
    ),
    ...Object.keys(WEIGHTS).map((name) => node('MatMul', ['x', name], [`${name} product`])),
  ],
  { operatorSet: 21, irVersion: 10 },
);

/** Reads a value of a compressed matrix back. */
type Decoder = (made: ReadModel, name: string) => (at: number) => number;

const floats = (made: ReadModel, name: string) => new Float32Array(made.tensors.get(name)!.data.slice().buffer);
const nibble = (bytes: Uint8Array, at: number) => (bytes[at >> 1] >> (4 * (at & 1))) & 15;

const int8: Decoder = (made, name) => {
  const codes = new Int8Array(made.tensors.get(`${name}_quantized`)!.data.slice().buffer);
  const scales = floats(made, `${name}_scale`);
  return (at) => codes[at] * scales[(at % COLUMNS) % scales.length];
};

const int4: Decoder = (made, name) => {
  const codes = made.tensors.get(`${name}_quantized`)!.data;
  const scales = floats(made, `${name}_scale`);
  const points = made.tensors.get(`${name}_zero_point`)?.data;
  return (at) => {
    const block = Math.floor(at / COLUMNS / BLOCK) * COLUMNS + (at % COLUMNS);
    const code = nibble(codes, at);
    return (points === undefined ? (code << 28) >> 28 : code - nibble(points, block)) * scales[block];
  };
};

const blocks: Decoder = (made, name) => {
  const codes = made.tensors.get(`${name}_Q4`)!.data;
  const scales = floats(made, `${name}_scales`);
  const points = made.tensors.get(`${name}_zero_points`)?.data;
  const pointBytes = Math.ceil(BLOCKS / 2);
  return (at) => {
    const [input, output] = [Math.floor(at / COLUMNS), at % COLUMNS];
    const block = Math.floor(input / BLOCK);
    const code = nibble(codes, (output * BLOCKS + block) * BLOCK + (input % BLOCK));
    const point = points === undefined ? 8 : nibble(points.subarray(output * pointBytes), block);
    return (code - point) * scales[output * BLOCKS + block];
  };
};

test.each<[string, Record<string, unknown>, Decoder]>([
  ['int8', {}, int8],
  ['int8-dynamic', {}, int8],
  ['int4', { groupSize: BLOCK }, int4],
  ['w4a16', { groupSize: BLOCK }, blocks],
  ['w4a16-asym', { groupSize: BLOCK }, blocks],
  ['w4a16', { groupSize: BLOCK, quantFormat: 'QDQ' }, int4],
  ['w4a16-asym', { groupSize: BLOCK, quantFormat: 'QDQ' }, int4],
])('%s %j: best has no more error than exact at any matrix', async (method, others, decode) => {
  const errors = async (mode: string): Promise<[string, number][]> => {
    const { outputs } = await compress(filesOf({ 'model.onnx': SOURCE }), { method, mode, ...others });
    const made = await readOnnx(outputs['model.onnx']);
    return Object.entries(WEIGHTS).map(([name, weights]) => [name, squaredError(weights, decode(made, name))]);
  };
  const [exact, best] = [new Map(await errors('exact')), await errors('best')];
  const more = best.filter(([name, error]) => !(error <= exact.get(name)! * 1.000001));
  expect(more.map(([name, error]) => [name, error, exact.get(name)])).toEqual([]);
  expect(best.some(([name, error]) => error < exact.get(name)!)).toBe(method !== 'int8');
});
