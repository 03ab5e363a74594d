import { cutPieces, Segment } from '../../../../lambda/engine/formats/cut-pieces';
import { CopyStep } from '../../../../lambda/engine/steps';

const LIMITS = { targetPieceBytes: 100, minPieceBytes: 5 };

/** A segment whose steps tell its name, as the file, and where they begin. */
function segment(file: number, length: number, costPerByte: number, fixedCost: number): Segment {
  const step = (offset: number, part: number): CopyStep => ({
    kind: 'copy',
    length: part,
    from: { file, offset, length: part },
  });
  return { length, unit: 1, costPerByte, fixedCost, step };
}

const cut = (segments: readonly Segment[], limits = LIMITS) =>
  cutPieces(segments, limits).map(({ steps }) =>
    steps.map((step) => `${(step as CopyStep).from.file}:${(step as CopyStep).from.offset}+${step.length}`),
  );

test('a segment of which every part reads the same beforehand stays whole up to two turns of that', () => {
  expect(cut([segment(0, 40, 5, 200)])).toEqual([['0:0+40']]);
  expect(cut([segment(0, 40, 5, 201)])).toEqual([['0:0+20'], ['0:20+20']]);
  expect(cut([segment(0, 40, 5, 201)], { ...LIMITS, wholeTensorBytes: 101 } as typeof LIMITS)).toEqual([['0:0+40']]);
});

test('a segment that reads nothing beforehand is cut at the target', () => {
  expect(cut([segment(0, 40, 5, 0)])).toEqual([['0:0+20'], ['0:20+20']]);
});

test('what costs nothing to read stays with the segment before it, and the next one begins a piece', () => {
  const scales = (file: number) => segment(file, 8, 0, 0);
  expect(cut([segment(0, 40, 2, 80), scales(1), scales(2), segment(3, 40, 2, 80), scales(4)])).toEqual([
    ['0:0+40', '1:0+8', '2:0+8'],
    ['3:0+40', '4:0+8'],
  ]);
  expect(cut([segment(0, 30, 5, 0), scales(1), segment(2, 10, 5, 0)])).toEqual([
    ['0:0+20'],
    ['0:20+10', '1:0+8', '2:0+10'],
  ]);
});

test('pieces follow each other, and none but the last is shorter than the limit', () => {
  const segments = [3, 50, 1, 2, 400, 7, 6].map((length, at) => segment(at, length, at % 3, at % 2 === 0 ? 0 : 90));
  const pieces = cutPieces(segments, { targetPieceBytes: 60, minPieceBytes: 20 });
  let end = 0;
  for (const { offset, length, steps } of pieces) {
    expect(offset).toBe(end);
    expect(steps.reduce((sum, step) => sum + step.length, 0)).toBe(length);
    if (offset + length !== 469) expect(length).toBeGreaterThanOrEqual(20);
    end += length;
  }
  expect(end).toBe(469);
});
