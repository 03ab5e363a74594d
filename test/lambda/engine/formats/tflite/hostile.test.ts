import { InvalidModelError, ModelError } from '../../../../../lambda/engine/errors';
import { tfliteFormat } from '../../../../../lambda/engine/formats/tflite/tflite-format';
import { compress, filesOf, golden, ONE_PIECE } from './memory-model';

const plan = (bytes: Uint8Array, method = 'int8') =>
  tfliteFormat.plan(filesOf({ 'model.tflite': bytes }), { method, mode: 'best' }, ONE_PIECE);

/** A flatbuffer put together by hand: words of 32 bits after the identifier. */
function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(8 + values.length * 4);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('TFL3'), 4);
  values.forEach((value, i) => view.setUint32(8 + i * 4, value >>> 0, true));
  return bytes;
}

/** Root at byte 24 with its field list at byte 8: `slots` 16-bit offsets. */
function rooted(slots: number[], ...body: number[]): Uint8Array {
  const list = [4 + slots.length * 2, 4 + body.length * 4, ...slots, 0, 0, 0, 0, 0, 0, 0, 0].slice(0, 8);
  const packed = [0, 2, 4, 6].map((i) => list[i] | (list[i + 1] << 16));
  const bytes = words(...packed, 16, ...body);
  new DataView(bytes.buffer).setUint32(0, 24, true);
  return bytes;
}

/** The same numbers on every run. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'done';
  } catch (error) {
    if (error instanceof ModelError) return 'refused';
    throw error;
  }
}

describe('a damaged model', () => {
  test('cut short anywhere is refused', async () => {
    const whole = golden('vision.float');
    for (let length = 0; length < whole.length; length += 61) {
      await expect(plan(whole.slice(0, length))).rejects.toThrow(InvalidModelError);
    }
  });

  test('with flipped bits is refused or compressed, never anything else', async () => {
    const random = randoms(20260101);
    const seen: Record<string, number> = { done: 0, refused: 0 };
    const models = [
      { name: 'coder.float', rounds: 1000, methods: ['int8'] },
      { name: 'words.float', rounds: 700, methods: ['int8', 'int4'] },
      { name: 'speech.float', rounds: 300, methods: ['int8', 'int4', 'fp16'] },
    ];
    for (const { name, rounds, methods } of models) {
      const whole = golden(name);
      for (let round = 0; round < rounds; round++) {
        const method = methods[round % methods.length];
        const bytes = whole.slice();
        for (let flip = 0; flip <= round % 3; flip++) {
          // Most of a model is weights, where a flipped bit is no damage that could be seen: aim at the ends.
          const near = random() % 3000;
          const at = random() % 2 === 0 ? near : bytes.length - 1 - near;
          bytes[at] ^= 1 << (random() % 8);
        }
        const result = await outcome(() =>
          round % 10 === 0 ? compress(filesOf({ 'model.tflite': bytes }), { method }) : plan(bytes, method),
        );
        seen[result]++;
      }
    }
    expect(seen.done + seen.refused).toBe(2000);
    expect(seen.refused).toBeGreaterThan(100);
    expect(seen.done).toBeGreaterThan(100);
  });

  test('with words overwritten by extremes is refused or planned', async () => {
    const whole = golden('coder.float');
    const view = new DataView(whole.buffer);
    let refused = 0;
    for (let at = 0; at + 4 <= 3000; at += 12) {
      for (const value of [0xffffffff, 0x7fffffff, 0x80000000, 0]) {
        const before = view.getUint32(at, true);
        view.setUint32(at, value, true);
        if ((await outcome(() => plan(whole, at % 24 === 0 ? 'fp16' : 'int8'))) === 'refused') refused++;
        view.setUint32(at, before, true);
      }
    }
    expect(refused).toBeGreaterThan(50);
  });
});

describe('a made-up model', () => {
  test('that is empty or no flatbuffer is refused', async () => {
    await expect(plan(new Uint8Array(0))).rejects.toThrow(/bytes 4 to 8 are not TFL3/);
    await expect(plan(new Uint8Array(100))).rejects.toThrow(InvalidModelError);
    await expect(plan(words())).rejects.toThrow(InvalidModelError);
  });

  test('whose root points outside or at itself is refused', async () => {
    for (const root of [0, 1, 8, 9000, 0xffffffff, 0x7fffffff]) {
      const bytes = words(0, 0, 0);
      new DataView(bytes.buffer).setUint32(0, root, true);
      await expect(plan(bytes)).rejects.toThrow(InvalidModelError);
    }
  });

  test('whose list says that it is longer than the file is refused before anything is allocated', async () => {
    await expect(plan(rooted([0, 4], 4, 0xffffffff))).rejects.toThrow(/cut short or damaged/);
    await expect(plan(rooted([0, 4], 4, 0x10000000))).rejects.toThrow(InvalidModelError);
  });

  test('whose entries point at themselves is refused', async () => {
    await expect(plan(rooted([0, 0, 4], 4, 1, 0))).rejects.toThrow(/points at itself/);
  });

  test('with a field that the schema does not have is refused by name', async () => {
    const slots = new Array<number>(11).fill(0);
    const list = [4 + 22, 8, ...slots.slice(0, 10), 4];
    const packed: number[] = [];
    for (let i = 0; i < 14; i += 2) packed.push((list[i] ?? 0) | ((list[i + 1] ?? 0) << 16));
    const bytes = words(...packed, 28, 0);
    new DataView(bytes.buffer).setUint32(0, 36, true);
    await expect(plan(bytes)).rejects.toThrow(
      /Model has a field number 10, which the TFLite schema known here does not/,
    );
  });

  /** A model whose list of subgraphs names one table many times; its lists of tensors and operators are `shared`. */
  function repeated(count: number, shared: number): Uint8Array {
    const head = rooted([0, 0, 4], 4, count);
    const graph = head.length + count * 4 + 12;
    const list = graph + 8;
    const tensors = list + 4 + shared * 4 + 8;
    const bytes = new Uint8Array(tensors + 8);
    const view = new DataView(bytes.buffer);
    bytes.set(head);
    for (let i = 0; i < count; i++) view.setUint32(head.length + i * 4, graph - (head.length + i * 4), true);
    const fields = (at: number, ...entries: number[]) =>
      entries.forEach((entry, i) => view.setUint16(at + i * 2, entry, true));
    fields(graph - 12, 6, 8, 4);
    view.setInt32(graph, 12, true);
    view.setUint32(graph + 4, list - graph - 4, true);
    view.setUint32(list, shared, true);
    for (let i = 0; i < shared; i++) view.setUint32(list + 4 + i * 4, tensors - (list + 4 + i * 4), true);
    fields(tensors - 8, 4, 4);
    view.setInt32(tensors, 8, true);
    return bytes;
  }

  test('whose lists share one table costs what it is long, and no more than memory holds', async () => {
    expect((await plan(repeated(300, 300))).tensors).toEqual([]);
    await expect(plan(repeated(20_000, 20_000))).rejects.toThrow(/repeat each other without end/);
    await expect(plan(repeated(3_000_000, 1))).rejects.toThrow(/more than \d+ tables and vectors/);
  });

  test('whose buffers are the same bytes many times over is refused', async () => {
    const buffers = 5000;
    const data = 5000;
    // Buffers one table each, 12 bytes apart, that all point at one vector: field list at 8, root at 24.
    const bytes = rooted([0, 0, 0, 0, 4], 4, buffers);
    const all = new Uint8Array(bytes.length + buffers * 4 + 8 + buffers * 8 + 4 + data);
    all.set(bytes);
    const view = new DataView(all.buffer);
    const first = bytes.length;
    const vtable = first + buffers * 4;
    view.setUint16(vtable, 6, true);
    view.setUint16(vtable + 2, 8, true);
    view.setUint16(vtable + 4, 4, true);
    const tables = vtable + 8;
    const vector = tables + buffers * 8;
    view.setUint32(vector, data, true);
    for (let i = 0; i < buffers; i++) {
      const at = tables + i * 8;
      view.setUint32(first + i * 4, at - (first + i * 4), true);
      view.setInt32(at, at - vtable, true);
      view.setUint32(at + 4, vector - (at + 4), true);
    }
    await expect(plan(all)).rejects.toThrow(/they overlap/);
  });
});
