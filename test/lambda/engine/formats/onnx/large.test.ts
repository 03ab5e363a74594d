import { GRAPH } from '../../../../../lambda/engine/formats/onnx/schema';
import { onnxFormat } from '../../../../../lambda/engine/formats/onnx/onnx-format';
import { integerValue } from '../../../../../lambda/engine/formats/onnx/builders';
import { SourceFiles } from '../../../../../lambda/engine/formats/model-format';
import { Plan } from '../../../../../lambda/engine/plan';
import { parseRecipe } from '../../../../../lambda/engine/recipe';
import { StepContext } from '../../../../../lambda/engine/step-context';
import { Step } from '../../../../../lambda/engine/steps';
import { filesOf } from './memory-model';
import { external, model, node, value } from './own-models';

const [OUTPUTS, INPUTS] = [65_536, 24_576];
const BYTES = OUTPUTS * INPUTS * 4;

/** A model whose one weight has more than 6 GB, in a file that gives ones wherever it is read. */
function largeModel(): SourceFiles & { bytesRead: number } {
  const small = filesOf({
    'model.onnx': model([
      value(GRAPH.inputs, 'x', 1, ['batch', INPUTS]),
      value(GRAPH.outputs, 'y', 1, ['batch', OUTPUTS]),
      external('w', [OUTPUTS, INPUTS], { location: 'weights.bin', offset: '0', length: String(BYTES) }),
      node('Gemm', ['x', 'w'], ['y'], [integerValue('transB', 1)]),
    ]),
  });
  const source = {
    bytesRead: 0,
    files: [small.files[0], { key: 'weights.bin', size: BYTES, etag: 'w' }],
    open: async (index: number) => {
      if (index === 0) return small.open(0);
      return {
        name: 'weights.bin',
        size: BYTES,
        read: async (offset: number, target: Uint8Array) => {
          if (offset + target.length > BYTES) throw new Error('read behind the end');
          source.bytesRead += target.length;
          new Float32Array(target.buffer, target.byteOffset, target.length / 4).fill(1);
        },
      };
    },
  };
  return source;
}

const MIB = 2 ** 20;

test.each([
  ['int8', BYTES / 4 + OUTPUTS * 4],
  ['w4a16', BYTES / 8 + (BYTES / 4 / 128) * 4],
  ['fp16', BYTES / 2],
])(
  '%s of a model of more than 6 GB is planned without its weights, and made in pieces of bounded size',
  async (method, size) => {
    const source = largeModel();
    const recipe = parseRecipe({ method });
    const layout = await onnxFormat.plan(source, recipe, { targetPieceBytes: 512 * MIB, minPieceBytes: 5 * MIB });
    expect(source.bytesRead).toBe(0);
    const data = layout.outputs.find(({ key }) => key === 'model.onnx.data')!;
    expect(data.size).toBeGreaterThanOrEqual(size);
    expect(data.size).toBeLessThan(size + 64 * 1024);
    expect(data.pieces.length).toBeGreaterThan(11);
    const last = data.pieces.at(-1)!;
    for (const piece of data.pieces) {
      if (piece !== last) expect(piece.length).toBeGreaterThanOrEqual(5 * MIB);
      // The target, and at most one more unit of work.
      expect(piece.cost).toBeLessThan(520 * MIB);
    }

    // A run of rows in the middle, made alone: it reads what it needs and no more.
    const middle: Step = data.pieces[5].steps.find(({ kind }) => kind !== 'literal')!;
    const rows = 100;
    const short = { ...middle, length: rows * bytesOfRow(method) };
    let written = 0;
    const context: StepContext = {
      plan: { ...layout, recipe, sources: source.files } as unknown as Plan,
      source: (file) => source.open(file),
      write: async (bytes) => {
        written += bytes.length;
      },
      addSums: () => undefined,
    };
    await onnxFormat.executors[short.kind](short, context);
    expect(written).toBe(rows * bytesOfRow(method));
    expect(source.bytesRead).toBeLessThanOrEqual(2 * rows * INPUTS * 4);
  },
);

/** Bytes of a row's weights in the artifact. */
function bytesOfRow(method: string): number {
  return { int8: INPUTS, w4a16: INPUTS / 2, fp16: INPUTS * 2 }[method]!;
}
