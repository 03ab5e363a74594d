import { packItems } from '../../../lambda/engine/pack-items';
import { partBytes, partSizes } from '../../../lambda/engine/part-sizes';
import { Layout, OutputLayout } from '../../../lambda/engine/plan';

const MIB = 1024 * 1024;

function output(key: string, ...pieces: readonly (readonly [length: number, cost: number])[]): OutputLayout {
  let offset = 0;
  const laid = pieces.map(([length, cost]) => {
    const piece = { offset, length, cost, steps: [] };
    offset += length;
    return piece;
  });
  return { key, size: offset, pieces: laid };
}

const layout = (...outputs: OutputLayout[]): Layout => ({ outputs, tensors: [], warnings: [] });

test('gives a large piece a worker of its own, and small ones one together', () => {
  const items = packItems(
    layout(output('a', [10 * MIB, 90], [10 * MIB, 90]), output('b', [1, 5]), output('c', [1, 5])),
    100,
  );
  expect(items.map((item) => item.pieces.map((piece) => [piece.output, piece.cost]))).toEqual([
    [[0, 90]],
    [
      [0, 90],
      [1, 5],
      [2, 5],
    ],
  ]);
});

test('takes a piece that costs nothing, first or last', () => {
  const items = packItems(layout(output('a', [4, 0]), output('b', [4, 200]), output('c', [4, 0])), 100);
  expect(items.map((item) => item.pieces.map((piece) => piece.output))).toEqual([[0], [1], [2]]);
});

test('numbers the parts of an output through, over all its pieces', () => {
  const [item] = packItems(layout(output('a', [40 * MIB, 1], [20 * MIB, 1], [7, 1])), 100);
  expect(item.pieces.map(({ firstPart, partSizes: sizes }) => [firstPart, sizes])).toEqual([
    [1, [16 * MIB, 24 * MIB]],
    [3, [20 * MIB]],
    [4, [7]],
  ]);
});

test.each([1, 5 * MIB, 16 * MIB - 1, 16 * MIB, 33 * MIB, 512 * MIB + 7])(
  'cuts %p bytes into parts that S3 takes',
  (length) => {
    const sizes = partSizes(length, 16 * MIB);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(length);
    if (length >= 5 * MIB) expect(Math.min(...sizes)).toBeGreaterThanOrEqual(5 * MIB);
    expect(Math.max(...sizes)).toBeLessThan(32 * MIB);
  },
);

test('an object of 20 TB stays within ten thousand parts of what S3 takes', () => {
  const size = 20e12;
  expect(Math.ceil(size / partBytes(size))).toBeLessThanOrEqual(9_000);
  expect(partBytes(size)).toBeLessThanOrEqual(5 * 1024 * MIB);
});
