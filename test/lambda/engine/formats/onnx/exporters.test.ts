import { compress, filesOf, golden } from './memory-model';
import { ModelFolder, runOnnx } from './run-onnx';

/** Recipes, with what outputs may differ by as a share of their norm. */
const RECIPES: readonly [Record<string, unknown>, number][] = [
  [{ method: 'int8' }, 0.03],
  [{ method: 'int8-dynamic' }, 0.06],
  [{ method: 'int8-dynamic', mode: 'exact' }, 0.06],
  [{ method: 'w4a16', groupSize: 32 }, 0.2],
  [{ method: 'w4a16-asym', groupSize: 32 }, 0.2],
  [{ method: 'int4', groupSize: 32 }, 0.2],
  [{ method: 'fp16' }, 0.01],
];

/** Models by exporter, with the share of their weights' bytes that int8 compresses at least. */
const MODELS: readonly [string, number][] = [
  ['torch.text.dynamo', 0.85],
  ['torch.text.torchscript', 0.85],
  ['torch.recurrent.dynamo', 0.9],
  ['torch.recurrent.torchscript', 0.9],
  ['torch.images.dynamo', 0.85],
  ['torch.images.torchscript', 0.85],
  ['keras.images', 0.9],
  ['sklearn.network', 0.8],
  ['sklearn.forest', 0],
];

test('models of other exporters are compressed, pass the checker, and run close to what they were', async () => {
  const groups: ModelFolder[][] = [];
  const shares: [string, boolean, number][] = [];
  for (const [name, least] of MODELS) {
    const model = { 'model.onnx': golden(name) };
    const made = await Promise.all(RECIPES.map(([recipe]) => compress(filesOf(model), recipe)));
    groups.push([model, ...made.map(({ outputs }) => outputs)]);
    const weights = made[0].layout.tensors.filter(({ dtype }) => dtype === 'FLOAT');
    const bytes = (tensors: typeof weights) => tensors.reduce((sum, { bytesBefore }) => sum + bytesBefore, 0);
    const share = bytes(weights.filter(({ action }) => action === 'int8')) / Math.max(1, bytes(weights));
    shares.push([name, share >= least, share]);
  }
  expect(shares.filter(([, met]) => !met)).toEqual([]);
  const found = runOnnx(groups);
  const off = MODELS.flatMap(([name], at) =>
    RECIPES.flatMap(([recipe, limit], which) =>
      Object.entries(found[at][which])
        .filter(([, difference]) => !(difference <= limit))
        .map(([output, difference]) => ({ name, recipe, output, difference })),
    ),
  );
  expect(off).toEqual([]);
});
