import { kernels } from '../../kernels';
import { ChannelWeights } from './onnx-steps';
import { WeightChunk } from './weight-chunks';

const LOWEST = -127;

/**
 * Quantizes a chunk to int8 with a scale for each channel.
 *
 * @param to Address of one byte a value.
 * @param stats Address of the sums that are added to.
 */
export function encodeIntegers(
  chunk: WeightChunk,
  { channels, inner }: ChannelWeights,
  scales: Float32Array,
  to: number,
  stats: number,
): void {
  const { run, arena } = kernels();
  const rows = chunk.count / (inner === 1 ? channels : inner);
  const used = inner === 1 ? scales : rowScales(scales, chunk.first / inner, rows);
  const place = arena.alloc(used.byteLength);
  new Float32Array(place.view.buffer, place.ptr, used.length).set(used);
  if (inner === 1) run.int8ColumnsF32(chunk.ptr, rows, channels, place.ptr, LOWEST, to, stats);
  else run.int8RowsF32(chunk.ptr, rows, inner, place.ptr, LOWEST, to, stats);
}

/** The scales of rows that follow each other; after the last channel comes the first again. */
function rowScales(scales: Float32Array, first: number, rows: number): Float32Array {
  const begin = first % scales.length;
  if (begin + rows <= scales.length) return scales.subarray(begin, begin + rows);
  return Float32Array.from({ length: rows }, (_, row) => scales[(begin + row) % scales.length]);
}
