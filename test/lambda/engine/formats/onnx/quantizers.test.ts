import { compress, filesOf, golden } from './memory-model';
import { ReadModel, readOnnx } from './read-tensors';
import { runOnnx } from './run-onnx';

async function ours(name: string, recipe: Record<string, unknown>): Promise<ReadModel> {
  const made = await compress(filesOf({ 'model.onnx': golden(name) }), recipe);
  return readOnnx(made.outputs['model.onnx']);
}

const FLOAT16 = 10;

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Rows and columns exchanged. */
function transposed(bytes: Uint8Array, rows: number, columns: number): Uint8Array {
  return Uint8Array.from({ length: bytes.length }, (_, at) => bytes[(at % rows) * columns + Math.floor(at / rows)]);
}

describe('against quantize_dynamic', () => {
  test('exact: one scale for a weight, uint8 for a table', async () => {
    const mine = await ours('mixed', { method: 'int8-dynamic', mode: 'exact' });
    const theirs = await readOnnx(golden('mixed.dynamic'));
    for (const name of ['table', 'matmul', 'gemm', 'conv']) {
      for (const part of ['quantized', 'scale']) {
        const [own, other] = [mine, theirs].map(({ tensors }) => tensors.get(`${name}_${part}`)!);
        expect([name, part, own.type, hex(own.data)]).toEqual([name, part, other.type, hex(other.data)]);
      }
    }
    expect(hex(mine.tensors.get('table_zero_point')!.data)).toBe(hex(theirs.tensors.get('table_zero_point')!.data));
  });

  test('best: a scale for each channel', async () => {
    const mine = await ours('mixed', { method: 'int8-dynamic' });
    const theirs = await readOnnx(golden('mixed.dynamic-per-channel'));
    for (const name of ['matmul', 'gemm']) {
      for (const part of ['quantized', 'scale']) {
        const [own, other] = [mine, theirs].map(({ tensors }) => tensors.get(`${name}_${part}`)!);
        expect([name, part, own.type, hex(own.data)]).toEqual([name, part, other.type, hex(other.data)]);
      }
    }
  });

  test('the transposed weight of a Gemm is the same numbers in their own order', async () => {
    for (const [recipe, name] of [
      [{ method: 'int8-dynamic', mode: 'exact' }, 'mixed.dynamic'],
      [{ method: 'int8-dynamic' }, 'mixed.dynamic-per-channel'],
    ] as const) {
      const mine = await ours('mixed', recipe);
      const theirs = await readOnnx(golden(name));
      const own = mine.tensors.get('gemm.transposed_quantized')!;
      const other = [...theirs.tensors].find(([key]) => /^gemm\.transposed.*_quantized$/.test(key))![1];
      expect(hex(transposed(own.data, 128, 96))).toBe(hex(other.data));
    }
  });

  test('int8 has the numbers of one scale for each channel', async () => {
    const mine = await ours('mixed', { method: 'int8' });
    const theirs = await readOnnx(golden('mixed.dynamic-per-channel'));
    for (const name of ['matmul', 'gemm']) {
      for (const part of ['quantized', 'scale']) {
        expect(hex(mine.tensors.get(`${name}_${part}`)!.data)).toBe(hex(theirs.tensors.get(`${name}_${part}`)!.data));
      }
    }
  });
});

describe('against MatMulNBitsQuantizer', () => {
  const parts: Record<string, readonly string[]> = {
    w4a16: ['Q4', 'scales'],
    'w4a16-asym': ['Q4', 'scales', 'zero_points'],
  };

  test.each(['w4a16', 'w4a16-asym'])('%s, exact, of products and of transposed ones', async (method) => {
    const theirs = await readOnnx(golden(`products.${method}`));
    for (const source of ['products', 'products.transposed']) {
      const mine = await ours(source, { method, mode: 'exact', groupSize: 32 });
      const found = [...mine.tensors].map(([name, { type, shape, data }]) => [name, type, shape, hex(data)]);
      const expected = ['weight0', 'weight1', 'weight2', 'weight3'].flatMap((weight) =>
        parts[method].map((part) => {
          const { type, shape, data } = theirs.tensors.get(`${weight}_${part}`)!;
          // Their zero points have one dimension less, with the same bytes.
          const rows = theirs.tensors.get(`${weight}_scales`)!.shape[0];
          return [`${weight}_${part}`, type, part === 'zero_points' ? [rows, data.length / rows] : shape, hex(data)];
        }),
      );
      expect(found).toEqual(expected);
    }
  });
});

test('int4, exact: the numbers and scales of the same quantizer with DequantizeLinear', async () => {
  const theirs = await readOnnx(golden('products.int4'));
  const mine = await ours('products', { method: 'int4', mode: 'exact', groupSize: 32 });
  // 131 columns do not fill their bytes, so that one of the four is int8.
  for (const weight of ['weight0', 'weight2', 'weight3']) {
    for (const [own, other] of [
      ['quantized', 'DQ_Q4'],
      ['scale', 'DQ_scales'],
    ]) {
      const [a, b] = [mine.tensors.get(`${weight}_${own}`)!, theirs.tensors.get(`${weight}_${other}`)!];
      expect([weight, own, a.type, a.shape, hex(a.data)]).toEqual([weight, own, b.type, b.shape, hex(b.data)]);
    }
  }
});

describe('against convert_float_to_float16 with inputs and outputs kept', () => {
  test.each(['mixed', 'products'])('%s: every weight is the same half', async (name) => {
    const mine = await ours(name, { method: 'fp16' });
    const halves = [...(await readOnnx(golden(`${name}.fp16`))).tensors].filter(([, { type }]) => type === FLOAT16);
    expect(halves.length).toBeGreaterThan(3);
    const found = halves.map(([weight]) => mine.tensors.get(`${weight}_fp16`)!);
    expect(found.map(({ type, shape, data }) => [type, shape, hex(data)])).toEqual(
      halves.map(([, { type, shape, data }]) => [type, shape, hex(data)]),
    );
  });

  test.each(['mixed', 'products'])('%s: answers are theirs, in float32', async (name) => {
    const { outputs } = await compress(filesOf({ 'model.onnx': golden(name) }), { method: 'fp16' });
    const [float, theirs] = [golden(name), golden(`${name}.fp16`)].map((bytes) => ({ 'model.onnx': bytes }));
    const [[against], [ourError]] = runOnnx([
      [theirs, outputs],
      [float, outputs],
    ]);
    // Their Cast at an input is ours, and so is every operator.
    expect(Object.values(against)).toEqual([0]);
    expect(Object.values(ourError)[0]).toBeGreaterThan(0);
    expect(Object.values(ourError)[0]).toBeLessThan(0.002);
  });
});

test('int4, exact: the numbers of MatMulNBits in their own order, without 8 added', async () => {
  const theirs = await readOnnx(golden('products.w4a16'));
  for (const source of ['products', 'products.transposed']) {
    const mine = await ours(source, { method: 'int4', mode: 'exact', groupSize: 32 });
    // 200 and 131 inputs do not divide by the blocks, so that two of the transposed ones are int8.
    const names = source === 'products' ? ['weight0', 'weight3'] : ['weight3'];
    for (const name of names) {
      const codes = theirs.tensors.get(`${name}_Q4`)!;
      const { data, shape } = mine.tensors.get(`${name}_quantized`)!;
      const at = (bytes: Uint8Array, index: number) => (bytes[index >> 1] >> (4 * (index & 1))) & 15;
      const [outputs, blocks, half] = codes.shape as [number, number, number];
      const inputs = source === 'products' ? shape[0] : shape[1];
      for (let output = 0; output < outputs; output++) {
        for (let input = 0; input < inputs; input++) {
          const own = at(data, source === 'products' ? input * outputs + output : output * inputs + input);
          expect(own ^ 8).toBe(at(codes.data, output * blocks * half * 2 + input));
        }
      }
    }
  }
});
