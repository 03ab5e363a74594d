import { isMet, percent, Result, times } from '../../bench/result';
import { renderTable } from '../../bench/table';

const fast: Result = {
  part: 'kernels',
  subject: 'w8a8',
  ours: '2 GB/s',
  other: '100 MB/s',
  value: 20,
  target: { bound: 'at least', value: 20, format: times },
};
const large: Result = {
  part: 'memory',
  subject: 'growth',
  ours: '',
  other: '',
  value: 0.11,
  target: { bound: 'at most', value: 0.1, format: percent },
};

test('a target is met at its bound and on its side of it', () => {
  expect(isMet(fast)).toBe(true);
  expect(isMet({ ...fast, value: 19.99 })).toBe(false);
  expect(isMet(large)).toBe(false);
  expect(isMet({ ...large, value: 0.1 })).toBe(true);
  expect(isMet({ ...large, value: -0.3 })).toBe(true);
});

test('a value just below its target is not written as the target', () => {
  expect(times(7.996)).toBe('7.99x');
  expect(times(19.99)).toBe('19.9x');
});

test('the table has one line a result, says what was missed, and its columns line up', () => {
  const lines = renderTable([fast, large]).split('\n');
  expect(lines).toHaveLength(4);
  expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  expect(lines[2]).toMatch(/w8a8 .*20\.0x .*>= 20\.0x .*yes \|$/);
  expect(lines[3]).toMatch(/growth .*11\.0 % .*<= 10\.0 % .*NO {2}\|$/);
});
