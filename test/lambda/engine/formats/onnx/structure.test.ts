import { child, floatValue, makeTensor } from '../../../../../lambda/engine/formats/onnx/builders';
import { newMessage } from '../../../../../lambda/engine/formats/onnx/message';
import { GRAPH, MODEL, OPERATOR_SET } from '../../../../../lambda/engine/formats/onnx/schema';
import { encodeBytes, encodeInteger, encodeString } from '../../../../../lambda/engine/formats/onnx/wire';
import { roundTo, toBytes } from '../../../../../lambda/engine/kernels/oracle/numbers';
import { compress, filesOf, golden, Made } from './memory-model';
import {
  constant,
  external,
  functionOf,
  graph,
  graphValue,
  integerValue,
  listedWeight,
  model,
  node,
  numbers,
  value,
  weight,
} from './own-models';
import { readOnnx } from './read-tensors';
import { ModelFolder, runOnnx } from './run-onnx';

const METHODS = ['int8', 'int8-dynamic', 'w4a16', 'fp16'];
const LIMIT: Readonly<Record<string, number>> = { int8: 0.03, 'int8-dynamic': 0.05, w4a16: 0.2, fp16: 0.01 };

const x = value(GRAPH.inputs, 'x', 1, ['batch', 64]);
const y = value(GRAPH.outputs, 'y', 1, ['batch', 64]);

async function made(files: ModelFolder, recipe: Record<string, unknown>): Promise<Made> {
  return compress(filesOf(files), { ...(recipe.method === 'w4a16' ? { groupSize: 32 } : {}), ...recipe });
}

/** Values of half precision. */
function halves(count: number): Uint8Array {
  const values = new Float32Array(numbers(count, 4).slice().buffer);
  return toBytes(
    Array.from(values, (number) => roundTo(number, 'f16')),
    'f16',
  );
}

const branch = (name: string, multiplied: string) =>
  graph(name, [node('MatMul', ['x', multiplied], [`${name}_y`]), value(GRAPH.outputs, `${name}_y`, 1, ['batch', 64])]);

/** Models that are put together in unusual, valid ways. */
const MODELS: Readonly<Record<string, ModelFolder>> = {
  'a weight that two products share': {
    'model.onnx': model([
      x,
      y,
      weight('w', [64, 64]),
      node('MatMul', ['x', 'w'], ['a']),
      node('MatMul', ['a', 'w'], ['y']),
    ]),
  },
  'a weight that is read in two ways': {
    'model.onnx': model(
      [
        x,
        y,
        weight('w', [64, 64]),
        node('MatMul', ['x', 'w'], ['a']),
        node('Gemm', ['a', 'w'], ['b'], [integerValue('transB', 1)]),
        node('Add', ['b', 'row'], ['y']),
        node('Identity', ['w'], ['unused']),
        weight('row', [64]),
      ].sort((a, b) => (a === y ? 1 : b === y ? -1 : 0)),
    ),
  },
  'a weight in a Constant, and one as a list of floats': {
    'model.onnx': model([
      x,
      y,
      listedWeight('w', [64, 64]),
      constant('c', [64, 64], 2),
      node('MatMul', ['x', 'w'], ['a']),
      node('MatMul', ['a', 'c'], ['y']),
    ]),
  },
  'branches that read weights from around them and of their own': {
    'model.onnx': model([
      x,
      y,
      weight('w', [64, 64]),
      weight('v', [64, 64], 3),
      node('ReduceSum', ['x'], ['sum'], [integerValue('keepdims', 0)]),
      child(GRAPH.initializers, makeTensor('zero', 1, [], new Uint8Array(4))),
      node('Greater', ['sum', 'zero'], ['positive']),
      node(
        'If',
        ['positive'],
        ['a'],
        [
          graphValue('then_branch', branch('then', 'w')),
          graphValue(
            'else_branch',
            graph('else', [
              weight('own', [64, 64], 5),
              node('MatMul', ['x', 'own'], ['else_y']),
              value(GRAPH.outputs, 'else_y', 1, ['batch', 64]),
            ]),
          ),
        ],
      ),
      node('MatMul', ['a', 'v'], ['y']),
    ]),
  },
  'a loop whose body multiplies what it carries': {
    'model.onnx': model([
      x,
      y,
      weight('w', [64, 64]),
      child(GRAPH.initializers, makeTensor('three', 7, [], Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0))),
      child(GRAPH.initializers, makeTensor('go', 9, [], Uint8Array.of(1))),
      node(
        'Loop',
        ['three', 'go', 'x'],
        ['y'],
        [
          graphValue(
            'body',
            graph('body', [
              value(GRAPH.inputs, 'turn', 7),
              value(GRAPH.inputs, 'before', 9),
              value(GRAPH.inputs, 'state', 1, ['batch', 64]),
              value(GRAPH.outputs, 'after', 9),
              value(GRAPH.outputs, 'next', 1, ['batch', 64]),
              node('Identity', ['before'], ['after']),
              node('MatMul', ['state', 'w'], ['next']),
            ]),
          ),
        ],
      ),
    ]),
  },
  'a scan whose body multiplies each row, and adds it to what it carries': {
    'model.onnx': model([
      value(GRAPH.inputs, 'x', 1, [5, 64]),
      value(GRAPH.outputs, 'y', 1, [5, 64]),
      weight('w', [64, 64]),
      weight('start', [1, 64], 4),
      node(
        'Scan',
        ['start', 'x'],
        ['end', 'y'],
        [
          integerValue('num_scan_inputs', 1),
          graphValue(
            'body',
            graph('body', [
              value(GRAPH.inputs, 'state', 1, [1, 64]),
              value(GRAPH.inputs, 'row', 1, [64]),
              value(GRAPH.outputs, 'next', 1, [1, 64]),
              value(GRAPH.outputs, 'product', 1, [64]),
              weight('own', [64, 64], 6),
              node('MatMul', ['state', 'w'], ['carried']),
              node('MatMul', ['row', 'own'], ['product']),
              node('Add', ['carried', 'product'], ['next']),
            ]),
          ),
        ],
      ),
    ]),
  },
  'an old model whose constants are inputs': {
    'model.onnx': model(
      [x, value(GRAPH.inputs, 'w', 1, [64, 64]), y, weight('w', [64, 64]), node('MatMul', ['x', 'w'], ['y'])],
      { operatorSet: 9, irVersion: 3 },
    ),
  },
  'weights of half precision before operator set 19': {
    'model.onnx': model([
      x,
      y,
      child(GRAPH.initializers, makeTensor('w', 10, [64, 64], halves(4096))),
      node('Cast', ['x'], ['half'], [integerValue('to', 10)]),
      node('MatMul', ['half', 'w'], ['product']),
      node('Cast', ['product'], ['y'], [integerValue('to', 1)]),
    ]),
  },
  'a function of its own': {
    'model.onnx': model(
      [x, y, weight('w', [64, 64]), node('Twice', ['x'], ['a'], [], 'own'), node('MatMul', ['a', 'w'], ['y'])],
      {
        fields: [
          functionOf('own', 'Twice', [node('Add', ['x', 'x'], ['y'])]),
          child(
            MODEL.operatorSets,
            newMessage('OperatorSet', encodeString(OPERATOR_SET.domain, 'own'), encodeInteger(OPERATOR_SET.version, 1)),
          ),
        ],
      },
    ),
  },
  'factors of a Gemm, and both sides transposed': {
    'model.onnx': model([
      value(GRAPH.inputs, 'x', 1, [64, 'batch']),
      value(GRAPH.outputs, 'y', 1, ['batch', 32]),
      weight('w', [32, 64]),
      weight('c', [32], 2),
      node(
        'Gemm',
        ['x', 'w', 'c'],
        ['y'],
        [integerValue('transA', 1), integerValue('transB', 1), floatValue('alpha', 0.5), floatValue('beta', 3)],
      ),
    ]),
  },
  'data in several files': {
    'model.onnx': model([
      x,
      y,
      external('w', [64, 64], { location: 'first.bin', offset: '64' }),
      external('v', [64, 64], { location: 'parts/second.bin', length: '16384' }),
      external('kept', [64, 64], { location: 'parts/second.bin', offset: '16384', length: '16384' }),
      external('same', [64, 64], { location: 'parts/second.bin', offset: '16384', length: '16384' }),
      node('MatMul', ['x', 'w'], ['a']),
      node('MatMul', ['a', 'v'], ['b']),
      node('Add', ['kept', 'same'], ['sum']),
      node('ReduceMean', ['sum'], ['row'], [integerValue('keepdims', 0)]),
      node('Mul', ['b', 'row'], ['y']),
    ]),
    'first.bin': new Uint8Array([...new Uint8Array(64), ...numbers(4096, 7)]),
    'parts/second.bin': new Uint8Array([...numbers(4096, 8), ...numbers(4096, 9)]),
  },
};

test('models in unusual forms pass the checker and run, with each recipe', async () => {
  const groups: ModelFolder[][] = [];
  for (const files of Object.values(MODELS)) {
    const outputs = await Promise.all(METHODS.map(async (method) => (await made(files, { method })).outputs));
    groups.push([files, ...outputs]);
  }
  const found = runOnnx(groups);
  Object.keys(MODELS).forEach((name, at) => {
    METHODS.forEach((method, which) => {
      for (const difference of Object.values(found[at][which])) {
        expect(difference < LIMIT[method] ? 'close' : `${name} with ${method} is off by ${difference}`).toBe('close');
      }
    });
  });
});

describe('what happens to a model', () => {
  const actions = async (files: ModelFolder, recipe: Record<string, unknown>) =>
    Object.fromEntries(
      (await made(files, recipe)).layout.tensors.map(({ name, action, reason }) => [
        name,
        reason === undefined ? action : `${action}: ${reason}`,
      ]),
    );

  test('shared, listed and nested weights are compressed', async () => {
    expect(await actions(MODELS['a weight in a Constant, and one as a list of floats'], { method: 'int8' })).toEqual({
      w: 'int8',
      c: 'int8',
    });
    expect(
      await actions(MODELS['branches that read weights from around them and of their own'], { method: 'int8-dynamic' }),
    ).toEqual({
      w: 'int8-dynamic',
      v: 'int8-dynamic',
      own: 'int8-dynamic',
      zero: 'keep: it has fewer than 1024 values',
    });
    const scan = MODELS['a scan whose body multiplies each row, and adds it to what it carries'];
    for (const method of ['int8', 'int8-dynamic', 'w4a16']) {
      expect(await actions(scan, { method })).toMatchObject({ w: method, own: method });
    }
  });

  test('what may not change is kept, and told', async () => {
    const parts = [
      x,
      y,
      value(GRAPH.inputs, 'w', 1, [64, 64]),
      weight('w', [64, 64]),
      node('MatMul', ['x', 'w'], ['y']),
    ];
    expect(await actions({ 'model.onnx': model(parts) }, { method: 'int8' })).toEqual({
      w: 'keep: it is an input with a default, which a caller may replace',
    });
    const unknown = [x, y, weight('w', [64, 64]), node('Attention', ['x', 'w'], ['y'], [], 'com.example')];
    expect(await actions({ 'model.onnx': model(unknown) }, { method: 'int8' })).toEqual({
      w: 'keep: com.example.Attention reads it, which takes no compressed weight here',
    });
    const { layout, outputs } = await made({ 'model.onnx': model(unknown) }, { method: 'int8' });
    expect(layout.warnings).toContain('The recipe changes no weight of this model; see the reasons at its tensors.');
    expect(Buffer.compare(outputs['model.onnx'], model(unknown))).toBe(0);
  });

  test('a function stays as it is, and that is told', async () => {
    const { layout } = await made(MODELS['a function of its own'], { method: 'int8' });
    expect(layout.warnings).toContain('The model has 1 functions of its own; what lies in them stays as it is.');
  });

  test('a weight for four bits that something else reads is kept', async () => {
    const found = await actions(MODELS['a weight that is read in two ways'], { method: 'w4a16', groupSize: 32 });
    expect(found.w).toBe('keep: Gemm reads it, which takes no four-bit weight');
  });

  test('fields that ONNX does not have survive, in the model, the graph and the operators', async () => {
    const strange = encodeBytes(500, new TextEncoder().encode('kept as it is'));
    const operator = node('MatMul', ['x', 'w'], ['y']);
    operator.message.parts.push({ kind: 'encoded', bytes: strange });
    const bytes = model([x, y, weight('w', [64, 64]), operator, strange], { fields: [strange] });
    for (const method of ['int8', 'fp16', 'none']) {
      const { outputs } = await made({ 'model.onnx': bytes }, { method, ...(method === 'none' ? { prune: 0.5 } : {}) });
      const count = Buffer.from(outputs['model.onnx']).toString('latin1').split('kept as it is').length - 1;
      expect(count).toBe(3);
    }
  });

  test('data beside the model goes into one file, that of shared tensors once, each at its alignment', async () => {
    const { layout, outputs } = await made(MODELS['data in several files'], { method: 'int8' });
    expect(Object.keys(outputs).sort()).toEqual(['model.onnx', 'model.onnx.data']);
    // Two weights as int8, and the tensor that two refer to.
    expect(outputs['model.onnx.data'].length).toBeGreaterThanOrEqual(2 * 4096 + 16384);
    expect(outputs['model.onnx.data'].length).toBeLessThan(2 * 4096 + 2 * 16384);
    expect(layout.warnings).toEqual([]);
  });

  test('pruning takes the smallest share, and two of every four along the summed dimension', async () => {
    const bytes = model([x, y, weight('w', [64, 64]), node('MatMul', ['x', 'w'], ['y'])]);
    const floats = async (prune: number | '2:4') => {
      const { outputs } = await made({ 'model.onnx': bytes }, { method: 'none', prune });
      return new Float32Array((await readOnnx(outputs['model.onnx'])).tensors.get('w')!.data.slice().buffer);
    };
    const before = new Float32Array(numbers(4096, 1).slice().buffer);
    const half = await floats(0.5);
    const limit = [...before].map(Math.abs).sort((a, b) => a - b)[2048];
    expect([...half]).toEqual([...before].map((w) => (Math.abs(w) < limit ? 0 : w)));
    const pattern = await floats('2:4');
    for (let column = 0; column < 64; column++) {
      for (let row = 0; row < 64; row += 4) {
        const four = [0, 1, 2, 3].map((k) => before[(row + k) * 64 + column]);
        const largest = [...four].sort((a, b) => Math.abs(b) - Math.abs(a)).slice(0, 2);
        expect([0, 1, 2, 3].map((k) => pattern[(row + k) * 64 + column])).toEqual(
          four.map((w) => (largest.includes(w) ? w : 0)),
        );
      }
    }
  });

  test('any cut into pieces, in any order, makes the same bytes', async () => {
    const y8000 = value(GRAPH.outputs, 'y', 1, ['batch', 8000]);
    const latest = { operatorSet: 21, irVersion: 10 };
    const wide = model([x, y8000, weight('w', [64, 8000]), node('MatMul', ['x', 'w'], ['y'])], latest);
    const transposed = [integerValue('transB', 1)];
    const high = model([x, y8000, weight('w', [8000, 64]), node('Gemm', ['x', 'w'], ['y'], transposed)], latest);
    // A prime number of rows.
    const y8009 = value(GRAPH.outputs, 'y', 1, ['batch', 8009]);
    const prime = model([x, y8009, weight('w', [8009, 64]), node('Gemm', ['x', 'w'], ['y'], transposed)], latest);
    for (const recipe of [
      { method: 'int8', prune: 0.3 },
      { method: 'int8-dynamic', mode: 'exact' },
      { method: 'int8-dynamic', mode: 'exact', prune: '2:4' },
      { method: 'int8-dynamic' },
      { method: 'w4a16', groupSize: 32 },
      { method: 'w4a16-asym', groupSize: 32, quantFormat: 'QDQ' },
      { method: 'fp16', prune: '2:4' },
      { method: 'none', prune: 0.5 },
    ]) {
      for (const bytes of [wide, high, prime]) {
        const source = { 'model.onnx': bytes };
        const whole = await compress(filesOf(source), recipe);
        const limits = { targetPieceBytes: 60_000, minPieceBytes: 14_000 };
        const cut = await compress(filesOf(source), recipe, { limits, reverse: true });
        expect(cut.layout.outputs[0].pieces.length).toBeGreaterThanOrEqual(2);
        expect(whole.layout.outputs[0].pieces).toHaveLength(1);
        expect(Buffer.compare(cut.outputs['model.onnx'], whole.outputs['model.onnx'])).toBe(0);
        expect(cut.sums.w.noise).toBeCloseTo(whole.sums.w.noise, 3);
        expect(cut.sums.w.count).toBe(64 * (bytes === prime ? 8009 : 8000));
      }
    }
  });
});

describe('best', () => {
  const ratio = async (name: string, method: string, groupSize?: number) => {
    const of = async (mode: string) => {
      const { sums } = await compress(filesOf({ 'model.onnx': golden(name) }), {
        method,
        mode,
        ...(groupSize === undefined ? {} : { groupSize }),
      });
      return sums;
    };
    const [exact, best] = [await of('exact'), await of('best')];
    return Object.keys(exact).map((tensor) => best[tensor].noise / exact[tensor].noise);
  };

  test.each([
    ['mixed', 'int8', undefined],
    ['mixed', 'int8-dynamic', undefined],
    ['products', 'int4', 32],
    ['products', 'w4a16', 32],
    ['products', 'w4a16-asym', 32],
    ['mixed', 'w4a16', 16],
  ])('has never more error than exact: %s with %s', async (name, method, groupSize) => {
    const ratios = await ratio(name, method, groupSize);
    expect(ratios.length).toBeGreaterThan(0);
    for (const found of ratios) expect(found).toBeLessThanOrEqual(1.000001);
  });
});
