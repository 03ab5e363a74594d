import { roundTo, valueOfBits } from '../../formats/safetensors/rounding';
import { kernels } from '../../kernels';
import { Encoder, EncoderJob } from '../encoder';
import { storeScales } from '../store-scales';

/** What stands in for the scale of a row of zeros: the machine epsilon of the weights' type, as torch has it. */
export const EPSILON = { BF16: 2 ** -7, F16: 2 ** -10, F32: 2 ** -23 };

/** int8 with a scale for each row. */
export function int8Rows({ dtype, columns, maxRows, exact, stats }: EncoderJob): Encoder {
  const { run, arena } = kernels();
  const kernel = {
    BF16: exact ? run.int8RowsBf16Exact : run.int8RowsBf16,
    F16: exact ? run.int8RowsF16Exact : run.int8RowsF16,
    F32: run.int8RowsF32,
  }[dtype];
  const absmax = dtype === 'F32' ? run.absmaxRowsF32 : run.absmaxRows16;
  const data = arena.alloc(maxRows * columns);
  const maxima = arena.alloc(maxRows * 4);
  const scales = arena.alloc(maxRows * 4);
  const stored = new Uint8Array(maxRows * 4);
  const bits = new Uint32Array(maxima.view.buffer, maxima.ptr, maxRows);
  const factors = new Float32Array(scales.view.buffer, scales.ptr, maxRows);
  return {
    encode: (source, rows) => {
      bits.fill(0, 0, rows);
      absmax(source, rows, columns, maxima.ptr);
      let largest = 0;
      for (let row = 0; row < rows; row++) {
        largest = Math.max(largest, bits[row]!);
        factors[row] = roundTo(valueOfBits(bits[row]!, dtype) / 127.5, dtype) || EPSILON[dtype];
      }
      kernel(source, rows, columns, scales.ptr, -128, data.ptr, stats);
      return {
        data: data.view.subarray(0, rows * columns),
        scales: storeScales(factors.subarray(0, rows), dtype, stored),
        absmaxBits: largest,
      };
    },
  };
}
