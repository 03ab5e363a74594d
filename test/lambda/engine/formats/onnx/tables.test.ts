import { child, makeTensor } from '../../../../../lambda/engine/formats/onnx/builders';
import { GRAPH } from '../../../../../lambda/engine/formats/onnx/schema';
import { edgeWeights, squaredError } from '../edge-weights';
import { compress, filesOf } from './memory-model';
import { integerValue, model, node, value, weight } from './own-models';
import { readOnnx, ReadTensor } from './read-tensors';
import { ModelFolder, runOnnx } from './run-onnx';

/** run_onnx.py picks rows below 100. */
const ROWS = 256;

const LATEST = { operatorSet: 21, irVersion: 10 };

/** Tables that are hard on scales, with rows that differ from each other, too. */
function hardTables(columns: number): Record<string, Float32Array> {
  const count = ROWS * columns;
  let state = 5;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const fill = (value: (row: number, column: number) => number) =>
    Float32Array.from({ length: count }, (_, at) => value(Math.floor(at / columns), at % columns));
  return {
    ...edgeWeights(ROWS, columns),
    'rows of one value': fill((row) => Math.sin(row)),
    'rows of one sign each': fill((row) => (row % 2 === 0 ? 1 : -1) * (0.5 + uniform() / 4)),
    'rows far from zero': fill((row) => 3 * row + uniform()),
    'rows of all sizes': fill((row) => uniform() * 2 ** (row / 2 - 64)),
    'rows with an outlier of either sign': fill((row, column) =>
      column === row % columns ? (row % 2 === 0 ? 90 : -0.5) : uniform() * 0.02,
    ),
    'rows of zeros among others': fill((row) => (row % 3 === 0 ? 0 : uniform())),
    'one row that is not zero': fill((row) => (row === 7 ? 1 + uniform() : 0)),
    'bytes times one scale': fill(() => Math.fround(0.1) * (Math.round(127.5 * (uniform() + 1)) - 9)),
    'positive, as after a ReLU': fill(() => Math.max(0, uniform())),
    'positive and tiny': fill(() => (1 + uniform()) * 1e-36),
    'positive and below the normal ones': fill(() => (1 + uniform()) * 1e-39),
    'negative and huge': fill(() => (uniform() - 1) * 1.6e38),
    'both ends of the range': fill(() => Math.sign(uniform()) * 3.4e38),
  };
}

function modelOf(tables: Record<string, Float32Array>, columns: number): Uint8Array {
  return model(
    [
      value(GRAPH.inputs, 'rows', 7, ['batch', 5]),
      ...Object.entries(tables).map(([name, numbers]) =>
        child(GRAPH.initializers, makeTensor(name, 1, [ROWS, columns], new Uint8Array(numbers.buffer))),
      ),
      ...Object.keys(tables).map((name) => node('Gather', [name, 'rows'], [`${name} picked`])),
      ...Object.keys(tables).map((name) => value(GRAPH.outputs, `${name} picked`, 1, ['batch', 5, columns])),
    ],
    LATEST,
  );
}

const floats = ({ data }: ReadTensor) => new Float32Array(data.slice().buffer);

/** What is picked out of a compressed table, as float32 gives it. */
function decoded(tensors: ReadonlyMap<string, ReadTensor>, name: string, columns: number): Float32Array {
  const codes = tensors.get(`${name}_quantized`)!.data;
  const points = tensors.get(`${name}_zero_point`)!.data;
  const scales = floats(tensors.get(`${name}_scale`)!);
  return Float32Array.from(codes, (code, at) => {
    const row = Math.floor(at / columns) % scales.length;
    return (code - points[row]) * scales[row];
  });
}

async function tablesOf(
  tables: Record<string, Float32Array>,
  columns: number,
  recipe: Record<string, unknown>,
): Promise<{ bytes: Uint8Array; size: number; tables: Record<string, Float32Array> }> {
  const { outputs, layout } = await compress(filesOf({ 'model.onnx': modelOf(tables, columns) }), {
    method: 'int8-dynamic',
    ...recipe,
  });
  const bytes = outputs['model.onnx'];
  const { tensors } = await readOnnx(bytes);
  const size = Object.keys(tables).reduce(
    (sum, name) =>
      sum +
      ['quantized', 'scale', 'zero_point'].reduce((own, part) => own + tensors.get(`${name}_${part}`)!.data.length, 0),
    0,
  );
  expect(layout.tensors.reduce((sum, { bytesAfter }) => sum + bytesAfter, 0)).toBe(size);
  const made = Object.keys(tables).map((name) => [name, decoded(tensors, name, columns)] as const);
  return { bytes, size, tables: Object.fromEntries(made) };
}

const PRUNING = [{}, { prune: 0.5 }, { prune: '2:4' }];

describe.each([5, 8, 32, 67])('tables with rows of %d, by int8-dynamic', (columns) => {
  const tables = hardTables(columns);
  const count = Object.keys(tables).length;

  test.each(PRUNING)('best has no more error than exact, %j', async (pruning) => {
    const of = async (mode: string) => (await tablesOf(tables, columns, { mode, ...pruning })).tables;
    const [exact, best] = [await of('exact'), await of('best')];
    const errors = Object.entries(tables).map(([name, numbers]) => ({
      name,
      exact: squaredError(numbers, (at) => exact[name][at]),
      best: squaredError(numbers, (at) => best[name][at]),
    }));
    expect(errors.filter((found) => !(found.best <= found.exact * (1 + 1e-12)))).toEqual([]);
    expect(errors.filter((found) => found.best < found.exact).length).toBeGreaterThan(count / 2);
  });

  test.each(PRUNING.slice(1))('what is pruned is zero, %j', async (pruning) => {
    const pruned = await compress(filesOf({ 'model.onnx': modelOf(tables, columns) }), { method: 'none', ...pruning });
    const { tensors } = await readOnnx(pruned.outputs['model.onnx']);
    const best = await tablesOf(tables, columns, { mode: 'best', ...pruning });
    for (const name of Object.keys(tables)) {
      const wrong = floats(tensors.get(name)!).filter((left, at) => left === 0 && best.tables[name][at] !== 0);
      expect([name, wrong.length]).toEqual([name, 0]);
    }
  });

  test('a row has five bytes more than in exact mode', async () => {
    const [exact, best] = [await tablesOf(tables, columns, { mode: 'exact' }), await tablesOf(tables, columns, {})];
    expect(exact.size).toBe((ROWS * columns + 5) * count);
    expect(best.size).toBe(ROWS * (columns + 5) * count);
  });

  test('onnxruntime picks the same numbers', async () => {
    const best = await tablesOf(tables, columns, {});
    const [[found]] = runOnnx([[{ 'model.onnx': modelOf(best.tables, columns) }, { 'model.onnx': best.bytes }]]);
    expect(found).toEqual(Object.fromEntries(Object.keys(tables).map((name) => [`${name} picked`, 0])));
  });
});

test('a table whose rows are shorter than a scale and a zero point is the same in both modes', async () => {
  const tables = hardTables(4);
  const [exact, best] = [await tablesOf(tables, 4, { mode: 'exact' }), await tablesOf(tables, 4, {})];
  expect(Buffer.compare(exact.bytes, best.bytes)).toBe(0);
});

test('any cut of a table into pieces, in any order, makes the same bytes', async () => {
  const columns = 20;
  const source = () =>
    filesOf({
      'model.onnx': model(
        [
          value(GRAPH.inputs, 'rows', 7, ['batch']),
          weight('table', [30_000, columns]),
          node('Gather', ['table', 'rows'], ['picked']),
          value(GRAPH.outputs, 'picked', 1, ['batch', columns]),
        ],
        LATEST,
      ),
    });
  for (const pruning of PRUNING) {
    const recipe = { method: 'int8-dynamic', ...pruning };
    const whole = await compress(source(), recipe);
    const limits = { targetPieceBytes: 60_000, minPieceBytes: 14_000 };
    for (const reverse of [false, true]) {
      const cut = await compress(source(), recipe, { limits, reverse });
      expect(cut.layout.outputs[0].pieces.length).toBeGreaterThan(20);
      expect(Buffer.compare(cut.outputs['model.onnx'], whole.outputs['model.onnx'])).toBe(0);
      expect(cut.sums.table.noise / whole.sums.table.noise).toBeCloseTo(1, 6);
      expect(cut.sums.table.count).toBe(30_000 * columns);
    }
  }
});

describe('whoever reads a table', () => {
  const rows = value(GRAPH.inputs, 'rows', 7, []);
  const x = value(GRAPH.inputs, 'x', 1, ['batch', 128]);
  const across = value(GRAPH.inputs, 'x', 1, ['batch', 40]);
  const given = value(GRAPH.outputs, 'given', 1, ['batch', 128]);
  const product = value(GRAPH.outputs, 'product', 1, ['batch', 40]);
  const picked = value(GRAPH.outputs, 'picked', 1, [40]);
  const table = weight('table', [128, 40]);
  const pick = node('Gather', ['table', 'rows'], ['picked']);
  const transB = [integerValue('transB', 1)];

  const MODELS: Record<string, Uint8Array> = {
    'one row, of no dimension': model([rows, picked, table, pick]),
    'rows, and then columns of a product': model([
      rows,
      x,
      picked,
      product,
      table,
      pick,
      node('MatMul', ['x', 'table'], ['product']),
    ]),
    'columns of a product, and then rows': model([
      rows,
      x,
      picked,
      product,
      table,
      node('MatMul', ['x', 'table'], ['product']),
      pick,
    ]),
    'rows of a product, and rows': model([
      rows,
      across,
      picked,
      given,
      table,
      node('Gemm', ['x', 'table'], ['given'], transB),
      pick,
    ]),
    'before DequantizeLinear has channels': model(
      [rows, picked, product, x, table, pick, node('MatMul', ['x', 'table'], ['product'])],
      { operatorSet: 11, irVersion: 6 },
    ),
  };

  test.each(Object.keys(MODELS))('%s: both modes run, close to the float model', async (name) => {
    const source: ModelFolder = { 'model.onnx': MODELS[name] };
    const made = await Promise.all(
      ['exact', 'best'].map((mode) => compress(filesOf(source), { method: 'int8-dynamic', mode })),
    );
    const [differences] = runOnnx([[source, ...made.map(({ outputs }) => outputs)]]);
    expect(differences).toHaveLength(2);
    for (const outputs of differences) {
      for (const difference of Object.values(outputs)) {
        expect(difference).toBeGreaterThan(0);
        expect(difference).toBeLessThan(0.03);
      }
    }
  });
});
