import { PieceLayout } from '../plan';
import { Step } from '../steps';
import { LayoutLimits } from './model-format';

/** A run of an output that may be cut at every multiple of `unit` bytes. */
export interface Segment {
  /** Bytes in the output. */
  readonly length: number;
  /** Bytes in the output between possible cuts; `length` where it cannot be cut. */
  readonly unit: number;
  /** Source bytes read for each byte of the output. */
  readonly costPerByte: number;
  /** Source bytes that every part reads beforehand, such as for a threshold. */
  readonly fixedCost: number;
  /** The step for a part: its first byte and its length. */
  readonly step: (first: number, length: number) => Step;
}

/**
 * What a segment may read beforehand and stay whole, in turns of a worker. Cut in two, it would be read once more: with less,
 * that costs all workers together more than the shorter turns gain.
 */
const WHOLE_TURNS = 2;

/** Cuts segments into pieces that read about the target, and that are never shorter than the limit but for the last. */
export function cutPieces(segments: readonly Segment[], limits: LayoutLimits): PieceLayout[] {
  const pieces: PieceLayout[] = [];
  let [offset, length, cost] = [0, 0, 0];
  let steps: Step[] = [];
  const close = () => {
    pieces.push({ offset, length, cost, steps });
    offset += length;
    [length, cost, steps] = [0, 0, []];
  };
  const wholeBytes = WHOLE_TURNS * Math.max(limits.targetPieceBytes, limits.wholeTensorBytes ?? 0);
  for (const segment of segments) {
    // What costs nothing to read, such as scales, is made of what the segment before it has read.
    const free = segment.costPerByte === 0 && segment.fixedCost === 0;
    const whole = free || (segment.fixedCost > 0 && segment.fixedCost <= wholeBytes);
    // What a segment reads beforehand would be read again by the next piece, were it begun at the end of this one.
    const full = cost + segment.fixedCost >= limits.targetPieceBytes;
    if (!free && full && length >= limits.minPieceBytes && length > 0) close();
    for (let first = 0; first < segment.length;) {
      const rest = segment.length - first;
      const affordable = (limits.targetPieceBytes - cost) / Math.max(segment.costPerByte, Number.EPSILON);
      const wanted = whole ? rest : Math.max(affordable, limits.minPieceBytes - length, 0);
      const units = Math.ceil(Math.min(wanted, rest) / segment.unit) * segment.unit;
      const taken = Math.min(rest, units);
      if (taken > 0) {
        steps.push(segment.step(first, taken));
        length += taken;
        cost += taken * segment.costPerByte + segment.fixedCost;
        first += taken;
      }
      if (first < segment.length && length >= limits.minPieceBytes) close();
    }
  }
  if (length > 0) close();
  return pieces;
}
