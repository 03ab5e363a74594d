import { BufferSource } from '../../../../support/buffer-source';
import { TurnedSource } from '../../../../../lambda/engine/formats/safetensors/turned-source';
import { kernels } from '../../../../../lambda/engine/kernels';
import { randomNumbers } from './fixtures';

const HEADER = 88;

/** A matrix of `columns` input features by `pitch` output features, and what its features from `first` on are as rows. */
function matrix(size: 2 | 4, columns: number, pitch: number, first: number, rows: number, random: () => number) {
  const stored = Buffer.alloc(HEADER + columns * pitch * size, 0xee);
  const turned = Buffer.alloc(rows * columns * size);
  for (let i = HEADER; i < stored.length; i++) stored[i] = Math.floor(random() * 256);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      stored.copy(
        turned,
        (row * columns + column) * size,
        HEADER + (column * pitch + first + row) * size,
        HEADER + (column * pitch + first + row + 1) * size,
      );
  return { stored, turned };
}

test.each([
  ['bf16, all features at once', 'BF16', 2, 40, 96, 48, 48, 1 << 20],
  ['bf16, the first half, in bands of 5', 'BF16', 2, 70, 66, 0, 33, 700],
  ['f32, the second half, in bands of 1', 'F32', 4, 33, 70, 35, 35, 132],
  ['f16, one feature', 'F16', 2, 100, 1, 0, 1, 4096],
] as const)('%s', async (_, dtype, size, columns, pitch, first, rows, bandBytes) => {
  const random = randomNumbers(columns);
  const { stored, turned } = matrix(size, columns, pitch, first, rows, random);
  const { arena } = kernels();
  await arena.scoped(async () => {
    const source = new BufferSource('experts', stored);
    const range = { file: 0, offset: HEADER + first * size, length: turned.length, dtype, pitch };
    const view = new TurnedSource(arena, source, range, pitch, columns, bandBytes);
    for (let round = 0; round < 60; round++) {
      const begin = Math.floor(random() * turned.length);
      const target = Buffer.alloc(1 + Math.floor(random() * (turned.length - begin)));
      await view.read(range.offset + begin, target);
      const expected = turned.subarray(begin, begin + target.length);
      expect(target.equals(expected)).toBe(true);
      // What was turned for a read lies there; what is not there is not said to be.
      const resident = view.resident(range.offset + begin, target.length);
      if (resident !== undefined) expect(Buffer.from(resident.view).equals(expected)).toBe(true);
      if (target.length > bandBytes) expect(resident).toBeUndefined();
    }
    expect(view.resident(range.offset - 1, 1)).toBeUndefined();
    expect(view.resident(range.offset + turned.length, 1)).toBeUndefined();
  });
});
