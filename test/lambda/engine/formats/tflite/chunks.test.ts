import { compress, filesOf } from './memory-model';
import { modelOf } from './own-model';
import { readModel } from './read-model';

/** More than two chunks of 2 Mi values. */
const COUNT = 5_000_000;
const weights = Float32Array.from({ length: COUNT }, (_, i) => Math.sin(i) * (1 + (i % 1000)));

const shapes = [
  { what: 'rows that fill many chunks', rows: 50_000, columns: 100 },
  { what: 'rows larger than a chunk', rows: 2, columns: 2_500_000 },
];

describe.each(shapes)('$what', ({ rows, columns }) => {
  const source = filesOf({ 'm.tflite': modelOf(weights, { rows, columns }) });

  test('are quantized as one', async () => {
    const { outputs, sums } = await compress(source, { method: 'int8', mode: 'exact' });
    const made = (await readModel(outputs['m.tflite'])).constants.get('w')!;
    const values = new Int8Array(made.data.slice().buffer);
    let [wrong, zeros] = [0, 0];
    for (let row = 0; row < rows; row++) {
      let largest = 0;
      for (let i = row * columns; i < (row + 1) * columns; i++) largest = Math.max(largest, Math.abs(weights[i]));
      const scale = Math.fround(largest / 127);
      if (made.scales[row] !== scale) wrong++;
      for (let i = row * columns; i < (row + 1) * columns; i++) {
        const steps = Math.floor(Math.abs(weights[i] / (largest / 127)) + 0.5);
        if (Math.abs(values[i]) !== steps || values[i] * weights[i] < 0) wrong++;
        if (values[i] === 0) zeros++;
      }
    }
    expect(wrong).toBe(0);
    expect(sums.w).toMatchObject({ zeros, count: COUNT });
  });

  test('are pruned to the exact share, cut anyhow', async () => {
    const limits = { targetPieceBytes: 7_000_000, minPieceBytes: 1_000_000 };
    for (const recipe of [
      { method: 'none', prune: 0.6 },
      { method: 'int8', prune: 0.6 },
      { method: 'int4', mode: 'exact', prune: 0.6 },
    ]) {
      const whole = await compress(source, recipe);
      const cut = await compress(source, recipe, limits, true);
      expect(cut.layout.outputs[0].pieces.length).toBeGreaterThan(1);
      expect(Buffer.compare(whole.outputs['m.tflite'], cut.outputs['m.tflite'])).toBe(0);
      expect(cut.sums.w.zeros).toBe(whole.sums.w.zeros);
      if (recipe.method === 'none') expect(whole.sums.w.zeros).toBe(COUNT * 0.6);
    }
  });
});

test('compressions at the same time do not disturb each other', async () => {
  const source = filesOf({ 'm.tflite': modelOf(weights, { rows: 5000, columns: 1000 }) });
  const recipes = [{ method: 'int8' }, { method: 'fp16' }, { method: 'int8', prune: 0.5 }];
  const alone: Buffer[] = [];
  for (const recipe of recipes) alone.push(Buffer.from((await compress(source, recipe)).outputs['m.tflite']));
  const together = await Promise.all(recipes.map((recipe) => compress(source, recipe)));
  together.forEach(({ outputs }, at) => expect(alone[at].equals(outputs['m.tflite'])).toBe(true));
});
