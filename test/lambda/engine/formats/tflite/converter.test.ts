import { compress, filesOf, golden } from './memory-model';
import { valueCount } from '../../../../../lambda/engine/formats/tflite/constants';
import { readModel, ReadModel, ReadTensor } from './read-model';

const INT8 = 9;
const INT4 = 17;
const FLOAT16 = 1;

/** Weights are matched by what they are, because the converter renames tensors that it touches. */
function key(tensor: ReadTensor): string {
  return `${tensor.type} ${tensor.shape.join('x')} ${Buffer.from(tensor.data).toString('base64')}`;
}

async function ours(name: string, method: string) {
  const source = filesOf({ 'model.tflite': golden(`${name}.float`) });
  return readModel((await compress(source, { method, mode: 'exact' })).outputs['model.tflite']);
}

/** Expects each of the peer's tensors of a type among ours, bit for bit, and no others. */
function expectSame(mine: ReadModel, theirs: ReadModel, type: number): void {
  const expected = [...theirs.constants.values()].filter((tensor) => tensor.type === type);
  const found = new Map([...mine.constants.values()].map((tensor) => [key(tensor), tensor]));
  expect(expected.length).toBeGreaterThan(0);
  for (const tensor of expected) {
    const match = found.get(key(tensor));
    expect(match).toBeDefined();
    expect(match!.scales).toEqual(tensor.scales);
    expect(match!.zeroPoints).toEqual(tensor.zeroPoints);
    expect(match!.dimension).toBe(tensor.dimension);
  }
  expect([...mine.constants.values()].filter((tensor) => tensor.type === type)).toHaveLength(expected.length);
}

/** The converter's int8 model without the weight of one shape, which becomes int4. */
async function withoutInt8Of(name: string, shape: number[]): Promise<ReadModel> {
  const theirs = await readModel(golden(`${name}.int8`));
  return {
    ...theirs,
    constants: new Map([...theirs.constants].filter(([, tensor]) => tensor.shape.join() !== shape.join())),
  };
}

describe('int8, against the converter', () => {
  test.each(['dense', 'vision', 'words', 'coder', 'odd', 'narrow', 'speech', 'ties'])(
    '%s: weights, scales and operators are equal',
    async (name) => {
      const mine = await ours(name, 'int8');
      const theirs = await readModel(golden(`${name}.int8`));
      expectSame(mine, theirs, INT8);
      // The converter raises an operator's version also where another use of the same code needs it.
      const needed = theirs.operators.map((operator, at) =>
        at === 1 && (name === 'odd' || name === 'speech') ? operator.replace(/v\d+$/, 'v1') : operator,
      );
      expect(mine.operators).toEqual(needed);
    },
  );

  test('the least runtime version is raised as the converter raises it', async () => {
    const note = async (bytes: Uint8Array) =>
      (await readModel(bytes)).metadata.get('min_runtime_version')?.replace(/\0+$/, '');
    const source = filesOf({ 'model.tflite': golden('dense.float') });
    const made = await compress(source, { method: 'int8', mode: 'exact' });
    expect(await note(golden('dense.float'))).toBe('1.5.0');
    expect(await note(golden('dense.int8'))).toBe('2.17.0');
    expect(await note(made.outputs['model.tflite'])).toBe('2.17.0');
  });
});

describe('int4, against ai-edge-quantizer', () => {
  test.each(['dense', 'vision', 'lookup', 'coder', 'odd', 'narrow', 'ties'])(
    '%s: weights and scales are equal where it has 1024 values or more',
    async (name) => {
      const mine = await ours(name, 'int4');
      const theirs = await readModel(golden(`${name}.int4`));
      const large = new Map([...theirs.constants].filter(([, { shape }]) => valueCount(shape) >= 1024));
      expectSame(mine, { ...theirs, constants: large }, INT4);
    },
  );

  test('what it leaves float gets int8, and says so', async () => {
    const source = filesOf({ 'model.tflite': golden('odd.float') });
    const { layout } = await compress(source, { method: 'int4', mode: 'exact' });
    const actions = layout.tensors.map(({ action, reason }) => `${action} ${reason}`).sort();
    expect(actions).toEqual([
      'int4 undefined',
      'int8 int4 has no kernel for BATCH_MATMUL',
      'int8 int4 has no kernel for TRANSPOSE_CONV',
      'keep MUL takes no int8 here',
    ]);
    expectSame(await ours('odd', 'int4'), await withoutInt8Of('odd', [64, 16]), INT8);
  });

  test('operators get versions that know it', async () => {
    expect((await ours('vision', 'int4')).operators).toEqual([
      'CONV_2D v7',
      'CONV_2D v7',
      'DEPTHWISE_CONV_2D v6',
      'MEAN v1',
      'FULLY_CONNECTED v12',
    ]);
    expect((await ours('lookup', 'int4')).operators).toEqual([
      'EMBEDDING_LOOKUP v4',
      'RESHAPE v1',
      'FULLY_CONNECTED v12',
    ]);
  });
});

describe('recurrent layers', () => {
  test('get integers for all of their weights or for none', async () => {
    const source = filesOf({ 'model.tflite': golden('speech.float') });
    const { layout } = await compress(source, { method: 'int8', mode: 'exact' });
    const kept = layout.tensors.filter(({ action }) => action === 'keep');
    expect(kept.every(({ shape }) => shape[0] === 24)).toBe(true);
    expect(kept.map(({ reason }) => reason)).toContainEqual(
      expect.stringMatching(
        /^UNIDIRECTIONAL_SEQUENCE_LSTM takes integers for all of its weights or for none, and .* stays$/,
      ),
    );
    const one = layout.tensors.find(({ shape }) => shape.join() === '48,48')!.name;
    const partly = await compress(source, { method: 'int8', ignore: [one] });
    expect(partly.layout.tensors.filter(({ action }) => action === 'int8').map(({ shape }) => shape)).toEqual([
      [64, 24],
    ]);
  });
});

describe('fp16, against the converter', () => {
  test.each(['vision', 'words', 'coder', 'odd'])('%s: weights of at least 1024 values are equal', async (name) => {
    const mine = await ours(name, 'fp16');
    const theirs = await readModel(golden(`${name}.fp16`));
    const found = new Set([...mine.constants.values()].map(key));
    const expected = [...theirs.constants.values()].filter(({ type, data }) => type === FLOAT16 && data.length >= 2048);
    expect(expected.length).toBeGreaterThan(0);
    for (const tensor of expected) expect(found).toContain(key(tensor));
    expect(mine.operators.filter((operator) => operator === 'DEQUANTIZE v3').length).toBeGreaterThanOrEqual(
      expected.length,
    );
  });

  test('values stand before their readers', async () => {
    const { graphs } = await ours('coder', 'fp16');
    for (const graph of graphs) {
      const later = new Set(graph.operators.flatMap(({ outputs }) => outputs));
      for (const operator of graph.operators) {
        expect(operator.inputs.filter((tensor) => later.has(tensor))).toEqual([]);
        for (const tensor of operator.outputs) later.delete(tensor);
      }
    }
  });
});
