import { LayoutLimits } from '../../../../../lambda/engine/formats/model-format';
import { InvalidModelError, InvalidRecipeError } from '../../../../../lambda/engine/errors';
import { TableNode } from '../../../../../lambda/engine/formats/tflite/flatbuffer-nodes';
import { MODEL } from '../../../../../lambda/engine/formats/tflite/model-fields';
import { tablesOf } from '../../../../../lambda/engine/formats/tflite/model-graph';
import { compress, filesOf, golden } from './memory-model';
import { readModel, ReadModel } from './read-model';

const NAMES = ['dense', 'vision', 'words', 'coder', 'odd', 'lookup', 'narrow', 'speech', 'recurrent'];

async function make(name: string, recipe: Record<string, unknown>, limits?: LayoutLimits, reverse = false) {
  const made = await compress(filesOf({ 'model.tflite': golden(`${name}.float`) }), recipe, limits, reverse);
  return { ...made, bytes: made.outputs['model.tflite'], model: await readModel(made.outputs['model.tflite']) };
}

function values(model: ReadModel, name: string): Float32Array {
  return new Float32Array(model.constants.get(name)!.data.slice().buffer);
}

describe('pieces', () => {
  const limits = { targetPieceBytes: 3000, minPieceBytes: 1500 };
  const recipes = [
    { method: 'int8' },
    { method: 'int8', mode: 'exact', prune: 0.5 },
    { method: 'int4' },
    { method: 'int4', prune: 0.5 },
    { method: 'fp16' },
    { method: 'int8', prune: 0.5 },
    { method: 'fp16', prune: 0.3 },
    { method: 'none', prune: 0.7 },
    { method: 'int8', prune: '2:4' },
  ];
  test.each(recipes)('many, made in reverse, give the bytes and sums of one: %j', async (recipe) => {
    for (const name of NAMES) {
      const whole = await make(name, recipe);
      const cut = await make(name, recipe, limits, true);
      const { pieces } = cut.layout.outputs[0];
      expect(whole.layout.outputs[0].pieces).toHaveLength(1);
      expect(pieces.length).toBeGreaterThan(1);
      for (const piece of pieces.slice(0, -1)) expect(piece.length).toBeGreaterThanOrEqual(limits.minPieceBytes);
      expect(Buffer.compare(cut.bytes, whole.bytes)).toBe(0);
      for (const [tensor, sums] of Object.entries(whole.sums)) {
        expect(cut.sums[tensor].count).toBe(sums.count);
        expect(cut.sums[tensor].zeros).toBe(sums.zeros);
        expect(cut.sums[tensor].noise).toBeCloseTo(sums.noise, 4);
        expect(cut.sums[tensor].signal / sums.signal).toBeCloseTo(1, 5);
      }
    }
  });
});

describe('int8', () => {
  test.each(['exact', 'best'])('reads its weights back from behind the structure, %s', async (mode) => {
    for (const name of NAMES) {
      const kept = await make(name, { method: 'int8', ignore: ['re:'] });
      expect(kept.layout.tensors.every(({ action }) => action === 'keep')).toBe(true);
      expect(kept.layout.warnings.join()).toContain('changes no weight');
      const again = await compress(filesOf({ 'model.tflite': kept.bytes }), { method: 'int8', mode });
      expect(Buffer.compare(again.outputs['model.tflite'], (await make(name, { method: 'int8', mode })).bytes)).toBe(0);
    }
  });

  test('leaves an int8 model as it is', async () => {
    const { layout } = await compress(filesOf({ 'model.tflite': golden('vision.int8') }), { method: 'int8' });
    expect(layout.tensors.map(({ action }) => action)).toEqual(layout.tensors.map(() => 'keep'));
    expect(layout.tensors[0].reason).toBe('it is INT8, not FLOAT32');
  });

  test('its sums tell the error that the values have', async () => {
    const source = await readModel(golden('vision.float'));
    const { sums, model, layout } = await make('vision', { method: 'int8' });
    for (const { name, shape } of layout.tensors) {
      const tensor = model.constants.get(name)!;
      const weights = values(source, name);
      const made = new Int8Array(tensor.data.slice().buffer);
      const inner = shape.slice(tensor.dimension + 1).reduce((a, b) => a * b, 1);
      let [signal, noise, zeros] = [0, 0, 0];
      weights.forEach((weight, i) => {
        signal += weight * weight;
        noise += (weight - made[i] * tensor.scales[Math.floor(i / inner) % shape[tensor.dimension]]) ** 2;
        zeros += made[i] === 0 ? 1 : 0;
      });
      expect(sums[name].count).toBe(weights.length);
      expect(sums[name].zeros).toBe(zeros);
      expect(sums[name].signal / signal).toBeCloseTo(1, 5);
      expect(sums[name].noise / noise).toBeCloseTo(1, 3);
    }
  });

  test.each([NaN, Infinity])('%p in a weight is refused by name', async (value) => {
    const bytes = golden('dense.float').slice();
    const at = Buffer.from(bytes).indexOf(
      Buffer.from((await readModel(bytes)).constants.get('MatMul')!.data.slice(0, 64)),
    );
    new DataView(bytes.buffer).setFloat32(at + 8, value, true);
    const source = filesOf({ 'model.tflite': bytes });
    await expect(compress(source, { method: 'int8' })).rejects.toThrow(/MatMul: holds NaN or infinity/);
    await expect(compress(source, { method: 'fp16' })).rejects.toThrow(InvalidModelError);
  });
});

describe('best mode', () => {
  const recipes = [
    { method: 'int8' },
    { method: 'int4' },
    { method: 'int8', prune: 0.5 },
    { method: 'int4', prune: 0.5 },
    { method: 'int4', prune: '2:4' },
  ];
  test.each(recipes)('has less error than exact, and more at no tensor: %j', async (recipe) => {
    for (const name of NAMES) {
      const exact = await make(name, { ...recipe, mode: 'exact' });
      const best = await make(name, { ...recipe, mode: 'best' });
      const noise = (sums: typeof best.sums) => Object.values(sums).reduce((sum, entry) => sum + entry.noise, 0);
      expect(noise(best.sums)).toBeLessThan(noise(exact.sums));
      for (const [tensor, sums] of Object.entries(best.sums))
        expect(sums.noise).toBeLessThanOrEqual(exact.sums[tensor].noise);
      // Rows of tables have scales of their own.
      const rows = best.layout.tensors.reduce(
        (sum, tensor, i) => sum + tensor.bytesAfter - exact.layout.tensors[i].bytesAfter,
        0,
      );
      expect(rows === 0).toBe(name !== 'words');
    }
  });

  test('gives each row of a table that is gathered a scale, and tells the bytes', async () => {
    const { layout, model } = await make('words', { method: 'int8' });
    const table = layout.tensors.find(({ shape }) => shape.join() === '500,16')!;
    expect(table).toMatchObject({ action: 'int8', bytesAfter: 500 * 16 + 500 * 4 });
    const scales = values(model, `${table.name}_scales`);
    const source = values(await readModel(golden('words.float')), table.name);
    const made = new Int8Array(model.constants.get(table.name)!.data.slice().buffer);
    expect(scales).toHaveLength(500);
    source.forEach((value, i) => {
      const scale = scales[Math.floor(i / 16)];
      expect(Math.abs(value - made[i] * scale)).toBeLessThanOrEqual(scale * 1.5);
    });
    expect(model.operators.slice(0, 4)).toEqual(['GATHER v2', 'GATHER v1', 'CAST v3', 'MUL v1']);
  });
});

describe('pruning', () => {
  test.each([0.25, 0.5, 0.9])('sets exactly the share %p to zero, the smallest first', async (prune) => {
    const source = await readModel(golden('vision.float'));
    const { model, layout, sums } = await make('vision', { method: 'none', prune });
    for (const { name, action } of layout.tensors) {
      expect(action).toBe('prune');
      const [before, after] = [values(source, name), values(model, name)];
      const pruned = Math.floor(before.length * prune);
      expect(after.filter((value) => value === 0)).toHaveLength(pruned);
      expect(sums[name].zeros).toBe(pruned);
      const border = [...before].map(Math.abs).sort((a, b) => a - b)[pruned];
      expect([...after]).toEqual([...before].map((value) => (Math.abs(value) < border ? 0 : value)));
    }
  });

  test('of equal magnitudes prunes the earlier ones, and no more than the share', async () => {
    const { model } = await make('dense', { method: 'none', prune: 0.005 });
    // One channel, 784 of 100352 values, is zero already; 501 are to be zero.
    expect(values(model, 'MatMul').filter((value) => value === 0)).toHaveLength(784);
  });

  test('2:4 keeps the two larger of each four', async () => {
    const source = await readModel(golden('dense.float'));
    const { model, layout } = await make('dense', { method: 'fp16', prune: '2:4' });
    const before = values(source, 'MatMul');
    const after = new Uint16Array(model.constants.get('MatMul')!.data.slice().buffer);
    const wrong: number[] = [];
    for (let i = 0; i < before.length; i += 4) {
      const largest = [...before.subarray(i, i + 4)].map(Math.abs).sort((a, b) => b - a);
      if (largest[1] === largest[2]) continue;
      for (let k = i; k < i + 4; k++) if ((after[k] !== 0) !== Math.abs(before[k]) >= largest[1]) wrong.push(k);
    }
    expect(wrong).toEqual([]);
    expect(layout.warnings.join()).toContain('2:4');
  });

  test('leaves operands alone that are no weights', async () => {
    const { layout, sums } = await make('odd', { method: 'fp16', prune: 0.5 });
    const operand = layout.tensors.find(({ name }) => name === 'mul/ReadVariableOp')!;
    expect(operand.action).toBe('fp16');
    expect(sums[operand.name].zeros).toBe(0);
  });
});

describe('the recipe', () => {
  test.each(['w4a16', 'fp8', 'bf16'])('%s is refused with what TFLite takes', async (method) => {
    await expect(make('vision', { method })).rejects.toThrow(InvalidRecipeError);
    await expect(make('vision', { method })).rejects.toThrow(/int8, int4, fp16, or none/);
  });

  test('an override of another format, and a group size, are refused', async () => {
    await expect(make('vision', { method: 'int8', overrides: [{ match: 'x', method: 'mxfp8' }] })).rejects.toThrow(
      /mxfp8 is not for TFLite/,
    );
    await expect(make('vision', { method: 'int8', groupSize: 32 })).rejects.toThrow(/groupSize/);
    await expect(make('vision', { method: 'int8', quantFormat: 'QDQ' })).rejects.toThrow(
      'quantFormat is for ONNX models, not for TFLite models',
    );
  });

  test('ignores and overrides tensors by name', async () => {
    const { layout, model } = await make('vision', {
      method: 'int8',
      ignore: ['MatMul'],
      overrides: [
        { match: 're:Conv2D_', method: 'fp16' },
        { match: 're:Conv2D', method: 'none' },
      ],
    });
    const actions = Object.fromEntries(layout.tensors.map(({ name, action }) => [name, action]));
    expect(actions).toEqual({ depthwise: 'int8', Conv2D: 'keep', Conv2D_1: 'fp16', MatMul: 'keep' });
    expect(layout.tensors.find(({ name }) => name === 'MatMul')!.reason).toBe('the recipe ignores MatMul');
    expect(model.operators).toEqual([
      'CONV_2D v1',
      'DEQUANTIZE v3',
      'CONV_2D v1',
      'DEPTHWISE_CONV_2D v6',
      'MEAN v1',
      'FULLY_CONNECTED v1',
    ]);
  });

  test('the plan tells the bytes after, scales and zero points included', async () => {
    const { layout, bytes } = await make('dense', { method: 'int8' });
    expect(layout.tensors.map(({ bytesAfter }) => bytesAfter)).toEqual([10 * 128 + 10 * 12, 128 * 784 + 128 * 12]);
    expect(bytes.length).toBeLessThan(golden('dense.float').length / 3.5);
    expect((tablesOf((await readModel(bytes)).root, MODEL.buffers) as TableNode[]).length).toBe(11);
  });
});
