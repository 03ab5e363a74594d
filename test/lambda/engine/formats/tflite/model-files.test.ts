import { InvalidModelError } from '../../../../../lambda/engine/errors';
import { tfliteFormat } from '../../../../../lambda/engine/formats/tflite/tflite-format';
import { compress, filesOf, golden } from './memory-model';

const model = golden('coder.float');
const text = (content: string) => new TextEncoder().encode(content);

describe('detection', () => {
  test('knows a model by its name and its identifier', async () => {
    expect(await tfliteFormat.detect(filesOf({ 'model.tflite': model }))).toBe(true);
    expect(await tfliteFormat.detect(filesOf({ 'deep/Model.TFLITE': model, 'a.json': text('{}') }))).toBe(true);
    expect(await tfliteFormat.detect(filesOf({ 'model.onnx': model }))).toBe(false);
    expect(await tfliteFormat.detect(filesOf({ 'model.tflite': text('not a model') }))).toBe(false);
    expect(await tfliteFormat.detect(filesOf({ 'model.tflite': text('') }))).toBe(false);
  });

  test('takes one model and no more', async () => {
    const two = compress(filesOf({ 'a.tflite': model, 'b.tflite': model }), { method: 'int8' });
    await expect(two).rejects.toThrow(InvalidModelError);
    await expect(two).rejects.toThrow(/a\.tflite, b\.tflite: a model is one \.tflite file/);
  });
});

describe('files beside the model', () => {
  test('are copied when they are data, and a SavedModel stays behind', async () => {
    const { outputs, layout } = await compress(
      filesOf({
        'export/model.tflite': model,
        'labels.txt': text('cat\ndog\n'),
        'export/settings.json': text('{"a":1}'),
        'export/saved_model/saved_model.pb': text('graph'),
        'export/saved_model/variables/variables.index': text('index'),
        'export/saved_model/assets/words.txt': text('words'),
        'export/saved_model/notes.txt': text('notes'),
      }),
      { method: 'int8' },
    );
    expect(Object.keys(outputs).sort()).toEqual([
      'export/model.tflite',
      'export/saved_model/notes.txt',
      'export/settings.json',
      'labels.txt',
    ]);
    expect(Buffer.from(outputs['labels.txt']).toString()).toBe('cat\ndog\n');
    expect(layout.warnings).toEqual([
      expect.stringMatching(/^The SavedModel in export\/saved_model\/ is not part of the artifact/),
    ]);
  });

  test('are left out, with a word, when a server would run them or they are weights', async () => {
    const { outputs, layout } = await compress(
      filesOf({
        'model.tflite': model,
        'code/inference.py': text('import os'),
        'code/data.json': text('{}'),
        'requirements.txt': text('x'),
        'model.h5': text('weights'),
      }),
      { method: 'int8' },
    );
    expect(Object.keys(outputs)).toEqual(['model.tflite']);
    expect(layout.warnings).toEqual([
      expect.stringContaining('code/data.json, code/inference.py, model.h5, requirements.txt'),
    ]);
  });

  test('say nothing about what tools leave behind', async () => {
    const { outputs, layout } = await compress(
      filesOf({
        'model.tflite': model,
        '.cache/x.json': text('{}'),
        'manifest.json': text('{}'),
        'empty.json': text(''),
      }),
      { method: 'int8' },
    );
    expect(Object.keys(outputs)).toEqual(['model.tflite']);
    expect(layout.warnings).toEqual([]);
  });
});
