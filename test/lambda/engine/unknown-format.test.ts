import { FORMATS } from '../../../lambda/engine/formats';
import { unknownFormat } from '../../../lambda/engine/unknown-format';

function messageFor(...files: readonly (readonly [key: string, size: number])[]): string {
  return unknownFormat(
    's3://models/raw/',
    files.map(([key, size]) => ({ key, size, etag: 'e' })),
    FORMATS,
  ).message;
}

describe('a folder without a model', () => {
  test.each([
    ['model.tar.gz', /model\.tar\.gz: unpack it first; .*CompressionType NONE/],
    ['model.tgz', /model\.tgz: unpack it first/],
    ['pytorch_model.bin', /pytorch_model\.bin: may be a pickle, .* never opened; save the weights as safetensors/],
    ['weights.pt', /weights\.pt: may be a pickle/],
    ['export/saved_model.pb', /saved_model\.pb: convert it with TensorFlow's TFLiteConverter/],
    ['model.keras', /model\.keras: convert it/],
    ['variables.data-00000-of-00001', /variables\.data-00000-of-00001: convert it/],
    ['llama.gguf', /llama\.gguf: .*safetensors/],
  ])('%s is told how it becomes one', (key, expected) => {
    expect(messageFor(['config.json', 10], [key, 1000])).toMatch(expected);
  });

  test('advice is of the largest file that has some', () => {
    expect(messageFor(['optimizer.pt', 10], ['model.tar.gz', 1000])).toMatch(/; model\.tar\.gz: unpack it first/);
    expect(messageFor(['optimizer.pt', 10], ['model.tar.gz', 1000])).not.toContain('optimizer.pt:');
  });

  test('files of which nothing is known are listed alone, five of them', () => {
    expect(messageFor(['readme.md', 10])).toBe(
      's3://models/raw/: holds no model of a known format (safetensors, tflite, onnx); found 1 file: readme.md',
    );
    const six = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => [key, 1] as const);
    expect(messageFor(...six)).toMatch(/found 6 files: a, b, c, d, e, …$/);
  });
});
