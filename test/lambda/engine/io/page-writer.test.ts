import { RandomAccessStore } from '../../../../lambda/engine/io/object-store';
import { PageWriter } from '../../../../lambda/engine/io/page-writer';

const PAGE = 4096;

/** A store that keeps what is written to it, and where each write began and ended. */
function recorder(size: number) {
  const content = Buffer.alloc(size);
  const writes: { begin: number; end: number }[] = [];
  const store = {
    writeAt: (_uploadId: string, offset: number, runs: readonly Uint8Array[]) => {
      const bytes = Buffer.concat(runs);
      content.set(bytes, offset);
      writes.push({ begin: offset, end: offset + bytes.length });
    },
  } as unknown as RandomAccessStore;
  return { content, writes, store };
}

test.each([
  ['from the middle of a page', 1000],
  ['from the beginning of a page', PAGE],
  ['from the last byte of a page', PAGE - 1],
])('writes runs of any length %s, and ends only at pages until it is closed', (_, offset) => {
  const lengths = [0, 1, 8, PAGE - 9, 3 * PAGE, 2, PAGE, PAGE + 1, 5000, 7, 7, 20_000, 3];
  const total = lengths.reduce((a, b) => a + b);
  const expected = Buffer.from(Array.from({ length: total }, (_value, i) => (i * 31 + (i >> 8)) & 0xff));
  const { content, writes, store } = recorder(offset + total);
  const pages = new PageWriter(store, 'upload', offset);
  let done = 0;
  for (const length of lengths) {
    const view = Buffer.from(expected.subarray(done, done + length));
    pages.write(view);
    // As kernel memory is, once the call has returned.
    view.fill(0xee);
    done += length;
  }
  const beforeClosing = writes.length;
  pages.close();
  expect(content.subarray(offset).equals(expected)).toBe(true);
  expect(writes.slice(0, beforeClosing).every(({ end }) => end % PAGE === 0)).toBe(true);
  expect(writes[0].begin).toBe(offset);
  expect(writes.slice(1).every(({ begin }, i) => begin === writes[i].end)).toBe(true);
});

test('writes nothing where there is nothing', () => {
  const { writes, store } = recorder(0);
  const pages = new PageWriter(store, 'upload', 0);
  pages.write(new Uint8Array(0));
  pages.close();
  expect(writes).toEqual([]);
});
