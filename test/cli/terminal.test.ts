import { formatBytes, formatCount, formatTable } from '../../cli/terminal';

describe('terminal', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 KB'],
    [12_345, '12.3 KB'],
    [999_499, '999 KB'],
    [999_500, '1.00 MB'],
    [999_999_999, '1.00 GB'],
    [3.42e9, '3.42 GB'],
    [999_999_999_999, '1.00 TB'],
    [1.2e14, '120 TB'],
  ])('%d bytes are written %s', (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });

  test.each([
    [0, '0 files'],
    [1, '1 file'],
    [2, '2 files'],
  ])('%i and a noun are written %s', (count, expected) => {
    expect(formatCount(count, 'file')).toBe(expected);
  });

  test('a table holds text to the left and numbers to the right', () => {
    expect(
      formatTable([
        ['type', 'tensors'],
        ['BF16', '39'],
      ]),
    ).toBe('type  tensors\nBF16       39');
  });
});
