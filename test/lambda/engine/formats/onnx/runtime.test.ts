import { compress, filesOf, golden } from './memory-model';
import { ModelFolder, runOnnx } from './run-onnx';

/** What a recipe may change of the mixed model's outputs, as a share of their norm. */
const RECIPES: readonly [Record<string, unknown>, number][] = [
  [{ method: 'int8' }, 0.02],
  [{ method: 'int8-dynamic' }, 0.03],
  [{ method: 'int8-dynamic', mode: 'exact' }, 0.03],
  [{ method: 'fp16' }, 0.002],
  [{ method: 'none', prune: 0.001 }, 0.002],
  [{ method: 'int8', ignore: ['re:.*'] }, 1e-9],
];

async function make(model: ModelFolder, recipe: Record<string, unknown>): Promise<ModelFolder> {
  return (await compress(filesOf(model), recipe)).outputs;
}

test('four bits that become floats again pass the checker and run, whatever the sizes', async () => {
  const folders = await Promise.all(
    ['products', 'products.transposed', 'ties'].map(async (name): Promise<[ModelFolder, ...ModelFolder[]]> => {
      const model = { 'model.onnx': golden(name) };
      const recipes = ['w4a16', 'w4a16-asym'].flatMap((method) =>
        ['exact', 'best'].map((mode) => ({ method, mode, groupSize: 32, quantFormat: 'QDQ' })),
      );
      return [model, ...(await Promise.all(recipes.map((recipe) => make(model, recipe))))];
    }),
  );
  const differences = runOnnx(folders)
    .flat()
    .flatMap((outputs) => Object.values(outputs));
  expect(differences).toHaveLength(12);
  differences.forEach((difference) => {
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(0.25);
  });
});

test('compressed models pass the checker and run, close to the float one', async () => {
  const model = { 'model.onnx': golden('mixed') };
  const made = await Promise.all(RECIPES.map(([recipe]) => make(model, recipe)));
  const [differences] = runOnnx([[model, ...made]]);
  differences.forEach((outputs, at) => {
    expect(Object.keys(outputs)).toEqual(['scores']);
    expect(outputs.scores).toBeLessThan(RECIPES[at][1]);
  });
});
