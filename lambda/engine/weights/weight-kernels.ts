import { InvalidModelError } from '../errors';
import { Kernels, Region } from '../kernels';
import { StepContext } from '../step-context';
import { WeightType } from './weight-type';

/** Bits, without the sign, from which on a value is infinite or not a number. */
const FIRST_NOT_FINITE: Readonly<Record<WeightType, number>> = { BF16: 0x7f80, F16: 0x7c00, F32: 0x7f800000 };

/** Bits of the largest magnitude among `count` values. */
export function absmaxBits({ run, scratch }: Kernels, src: number, count: number, dtype: WeightType): number {
  new Uint32Array(scratch.view.buffer, scratch.ptr, 1)[0] = 0;
  run[dtype === 'F32' ? 'absmaxRowsF32' : 'absmaxRows16'](src, 1, count, scratch.ptr);
  return new Uint32Array(scratch.view.buffer, scratch.ptr, 1)[0];
}

/** @throws InvalidModelError naming the tensor when the bits are those of an infinity or of NaN. */
export function refuseNotFinite(
  context: StepContext,
  file: number,
  module: string,
  dtype: WeightType,
  bits: number,
): void {
  if (bits < FIRST_NOT_FINITE[dtype]) return;
  const found = bits === FIRST_NOT_FINITE[dtype] ? 'an infinity' : 'NaN';
  throw new InvalidModelError(
    context.plan.sources[file].key,
    `${module} holds ${found}, which no number format can keep; the training diverged or the file is damaged`,
  );
}

/** Three f64 in kernel memory that kernels add to: sum of squares, sum of squared errors, zeros. */
export class KernelStats {
  private readonly values: Float64Array;
  readonly ptr: number;

  constructor(region: Region) {
    this.ptr = region.ptr;
    this.values = new Float64Array(region.view.buffer, region.ptr, 3).fill(0);
  }

  /** Hands the sums over to the build. */
  report(context: StepContext, tensor: number, count: number): void {
    const [signal, noise, zeros] = this.values as unknown as [number, number, number];
    context.addSums(tensor, { signal, noise, zeros, count });
  }
}
