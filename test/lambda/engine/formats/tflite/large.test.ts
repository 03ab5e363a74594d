import { SourceFiles } from '../../../../../lambda/engine/formats/model-format';
import { int32s, string, table } from '../../../../../lambda/engine/formats/tflite/flatbuffer-nodes';
import {
  BUFFER,
  MODEL,
  OPERATOR,
  OPERATOR_CODE,
  SUBGRAPH,
} from '../../../../../lambda/engine/formats/tflite/model-fields';
import { long, tablesOf } from '../../../../../lambda/engine/formats/tflite/model-graph';
import { tfliteFormat } from '../../../../../lambda/engine/formats/tflite/tflite-format';
import { writeFlatbuffer } from '../../../../../lambda/engine/formats/tflite/write-flatbuffer';
import { Layout, PieceLayout, Plan } from '../../../../../lambda/engine/plan';
import { parseRecipe } from '../../../../../lambda/engine/recipe';
import { StepContext } from '../../../../../lambda/engine/step-context';
import { CopyStep, CustomStep } from '../../../../../lambda/engine/steps';
import { tables } from './own-model';
import { readRoot } from './read-model';

const COLUMNS = 65536;
/** 2.36 GB. */
const ROWS = 9000;
const SMALL_ROWS = 32;
/** Rows after which the weights repeat. */
const PERIOD = 4;

const pattern = Float32Array.from({ length: PERIOD * COLUMNS }, (_, i) => Math.sin(i * 0.37) * (1 + (i % 97)));
const patternBytes = new Uint8Array(pattern.buffer);

/** A model of two dense layers whose weights lie behind the flatbuffer, the second beyond 2 GiB; nothing is stored. */
function largeModel(): SourceFiles & { bytesRead: number } {
  const [big, small] = [ROWS, SMALL_ROWS].map((rows) =>
    table('Buffer', { [BUFFER.offset]: 2n, [BUFFER.size]: BigInt(rows * COLUMNS * 4) }),
  );
  const tensor = (name: string, shape: number[], buffer: number) =>
    table('Tensor', { 0: int32s(shape), 1: 0, 2: buffer, 3: string(name) });
  const dense = (weight: number, output: number) =>
    table('Operator', {
      [OPERATOR.code]: 0,
      [OPERATOR.inputs]: int32s([0, weight, -1]),
      [OPERATOR.outputs]: int32s([output]),
      [OPERATOR.optionsKind]: 8,
      [OPERATOR.options]: table('FullyConnectedOptions', { 0: 0 }),
    });
  const graph = table('SubGraph', {
    [SUBGRAPH.tensors]: tables([
      tensor('x', [1, COLUMNS], 0),
      tensor('big', [ROWS, COLUMNS], 1),
      tensor('small', [SMALL_ROWS, COLUMNS], 2),
      tensor('y', [1, ROWS], 0),
      tensor('z', [1, SMALL_ROWS], 0),
    ]),
    [SUBGRAPH.inputs]: int32s([0]),
    [SUBGRAPH.outputs]: int32s([3, 4]),
    [SUBGRAPH.operators]: tables([dense(1, 3), dense(2, 4)]),
  });
  const written = writeFlatbuffer(
    table('Model', {
      0: 3,
      [MODEL.operatorCodes]: tables([
        table('OperatorCode', { [OPERATOR_CODE.deprecatedBuiltin]: 9, [OPERATOR_CODE.builtin]: 9 }),
      ]),
      [MODEL.subgraphs]: tables([graph]),
      [MODEL.buffers]: tables([table('Buffer', {}), big, small]),
    }),
    'TFL3',
  );
  const head = new Uint8Array(Math.ceil(written.bytes.length / 16) * 16);
  head.set(written.bytes);
  const view = new DataView(head.buffer);
  view.setBigUint64(written.field(big, BUFFER.offset), BigInt(head.length), true);
  view.setBigUint64(written.field(small, BUFFER.offset), BigInt(head.length + ROWS * COLUMNS * 4), true);
  const size = head.length + (ROWS + SMALL_ROWS) * COLUMNS * 4;
  const source = {
    bytesRead: 0,
    files: [{ key: 'm.tflite', size, etag: 'e' }],
    open: async () => ({
      name: 'm.tflite',
      size,
      read: async (offset: number, target: Uint8Array) => {
        source.bytesRead += target.length;
        for (let done = 0; done < target.length;) {
          const at = offset + done;
          const from =
            at < head.length ? head.subarray(at) : patternBytes.subarray((at - head.length) % patternBytes.length);
          const part = from.subarray(0, target.length - done);
          target.set(part, done);
          done += part.length;
        }
      },
    }),
  };
  return source;
}

async function run(
  source: SourceFiles,
  layout: Layout,
  recipe: Record<string, unknown>,
  pieces: readonly PieceLayout[],
  write: (bytes: Uint8Array, at: number) => void,
): Promise<void> {
  const plan = { ...layout, recipe: parseRecipe(recipe) } as unknown as Plan;
  for (const piece of pieces) {
    let at = piece.offset;
    const context: StepContext = {
      plan,
      source: (file) => source.open(file),
      write: async (bytes) => {
        write(bytes, at);
        at += bytes.length;
      },
      addSums: () => undefined,
    };
    for (const step of piece.steps) {
      if (tfliteFormat.executors[step.kind] === undefined) at += step.length;
      else await tfliteFormat.executors[step.kind](step as CustomStep, context);
    }
    expect(at).toBe(piece.offset + piece.length);
  }
}

const LIMITS = { targetPieceBytes: 256 * 2 ** 20, minPieceBytes: 5 * 2 ** 20 };

/** The integers of a row, by the converter's formula. */
function quantized(row: number): Buffer {
  const weights = pattern.subarray(row * COLUMNS, (row + 1) * COLUMNS);
  const scale = weights.reduce((largest, weight) => Math.max(largest, Math.abs(weight)), 0) / 127;
  return Buffer.from(
    Int8Array.from(weights, (weight) => Math.sign(weight) * Math.floor(Math.abs(weight / scale) + 0.5)).buffer,
  );
}

test('a model of more than 2 GiB is compressed in pieces, in memory that does not grow with it', async () => {
  const source = largeModel();
  const recipe = { method: 'int8', mode: 'exact' };
  const layout = await tfliteFormat.plan(source, parseRecipe(recipe), LIMITS);
  expect(source.bytesRead).toBeLessThan(512 * 1024);
  const [{ size, pieces }] = layout.outputs;
  expect(pieces.length).toBeGreaterThan(8);
  const data = size - (ROWS + SMALL_ROWS) * COLUMNS;
  const expected = Buffer.concat(Array.from({ length: PERIOD }, (_, row) => quantized(row)));
  let [wrong, compared, peak] = [0, 0, 0];
  const before = process.memoryUsage().rss;
  await run(source, layout, recipe, pieces, (bytes, at) => {
    peak = Math.max(peak, process.memoryUsage().rss);
    if (at < data) return;
    for (let done = 0; done < bytes.length;) {
      const from = (at + done - data) % expected.length;
      const part = expected.subarray(from, Math.min(expected.length, from + bytes.length - done));
      if (part.compare(bytes, done, done + part.length) !== 0) wrong++;
      done += part.length;
    }
    compared += bytes.length;
  });
  expect(wrong).toBe(0);
  expect(compared).toBe((ROWS + SMALL_ROWS) * COLUMNS);
  expect(peak - before).toBeLessThan(300e6);
});

test('an artifact whose data lies beyond 2 GiB says where', async () => {
  const source = largeModel();
  const recipe = { method: 'int8', mode: 'exact', ignore: ['big'] };
  const layout = await tfliteFormat.plan(source, parseRecipe(recipe), LIMITS);
  const [{ size, pieces }] = layout.outputs;
  expect(size).toBeGreaterThan(2 ** 31);
  const copies = pieces.flatMap(({ steps }) => steps).filter(({ kind }) => kind === 'copy') as CopyStep[];
  expect(copies.reduce((sum, { length }) => sum + length, 0)).toBe(ROWS * COLUMNS * 4);
  const made: { bytes: Uint8Array; at: number }[] = [];
  await run(source, layout, recipe, pieces, (bytes, at) => made.push({ bytes: bytes.slice(), at }));
  const root = await readRoot(made[0].bytes);
  const places = tablesOf(root, MODEL.buffers).map((buffer) => [
    long(buffer, BUFFER.offset),
    long(buffer, BUFFER.size),
  ]);
  const [start, length] = places[2];
  expect(start).toBe(size - SMALL_ROWS * COLUMNS);
  expect(length).toBe(SMALL_ROWS * COLUMNS);
  expect(places[1][0] + places[1][1]).toBeLessThanOrEqual(start);
  const weights = made.find(({ at }) => at === start)!.bytes;
  expect(Buffer.from(weights.subarray(0, COLUMNS)).equals(quantized(0))).toBe(true);
});
