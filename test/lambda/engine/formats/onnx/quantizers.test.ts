import { compress, filesOf, golden } from './memory-model';
import { ReadModel, readOnnx } from './read-tensors';

async function ours(name: string, recipe: Record<string, unknown>): Promise<ReadModel> {
  const made = await compress(filesOf({ 'model.onnx': golden(name) }), recipe);
  return readOnnx(made.outputs['model.onnx']);
}

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
