import { ByteSource } from '../../../../lambda/engine/io/byte-source';
import { CACHED_BYTES, chunkBuffers, streamChunks } from '../../../../lambda/engine/io/chunk-stream';
import { kernels, Region } from '../../../../lambda/engine/kernels';
import { BufferSource } from '../../../support/buffer-source';

const LENGTH = 3 * CACHED_BYTES + 100;
const bytes = Buffer.from(Uint8Array.from({ length: LENGTH }, (_, at) => at % 251));

/** What came of a stretch of the source, chunk by chunk, and the addresses at which it did. */
async function stream(source: ByteSource, offset: number): Promise<{ all: Buffer; pointers: number[] }> {
  const { arena } = kernels();
  return arena.scoped(async () => {
    const length = LENGTH - offset;
    const buffers = chunkBuffers(arena, 1, length, source);
    const chunks: Buffer[] = [];
    const pointers: number[] = [];
    await streamChunks(source, offset, length, buffers, (region, size, at) => {
      expect(at).toBe(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
      chunks.push(Buffer.from(region.view.subarray(0, size)));
      pointers.push(region.ptr);
    });
    return { all: Buffer.concat(chunks), pointers };
  });
}

test('bytes come in order, through one buffer', async () => {
  const { all, pointers } = await stream(new BufferSource('buffer', bytes), 7);
  expect(all.equals(bytes.subarray(7))).toBe(true);
  expect(pointers.length).toBe(4);
  expect(new Set(pointers).size).toBe(1);
});

test('what is resident is worked on where it lies, and only what is not is read', async () => {
  const { arena } = kernels();
  await arena.scoped(async () => {
    const held: Region = arena.alloc(2 * CACHED_BYTES);
    held.view.set(bytes.subarray(0, held.view.length));
    const read: number[] = [];
    const source: ByteSource = {
      name: 'half',
      size: LENGTH,
      immediate: true,
      read: (offset, target) => {
        read.push(offset);
        target.set(bytes.subarray(offset, offset + target.length));
      },
      resident: (offset, length) =>
        offset + length > held.view.length
          ? undefined
          : { ptr: held.ptr + offset, view: held.view.subarray(offset, offset + length) },
    };
    const { all, pointers } = await stream(source, 0);
    expect(all.equals(bytes)).toBe(true);
    expect(read).toEqual([2 * CACHED_BYTES, 3 * CACHED_BYTES]);
    expect(pointers.slice(0, 2)).toEqual([held.ptr, held.ptr + CACHED_BYTES]);
  });
});
