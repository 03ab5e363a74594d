import { epsilonOf, OracleType, roundTo } from './numbers';

/** The positive numbers of a small float format in the order of their codes. */
function positives(exponentBits: number, mantissaBits: number, bias: number, count: number): number[] {
  return Array.from({ length: count }, (_, code) => {
    const exponent = code >> mantissaBits;
    const mantissa = code & ((1 << mantissaBits) - 1);
    const part = mantissa / 2 ** mantissaBits;
    return exponent === 0 ? part * 2 ** (1 - bias) : (1 + part) * 2 ** (exponent - bias);
  }).slice(0, 2 ** (exponentBits + mantissaBits));
}

/** e4m3 without its NaN, and e2m1. */
export const E4M3 = positives(4, 3, 7, 127);
export const E2M1 = positives(2, 1, 1, 8);

/** Code of the number nearest to a magnitude; of two equally near, the one with the even code. */
export function nearestCode(magnitude: number, numbers: readonly number[]): number {
  let best = numbers.length - 1;
  for (let code = best - 1; code >= 0; code--) {
    const [near, far] = [Math.abs(magnitude - numbers[code]), Math.abs(magnitude - numbers[best])];
    // The numbers ascend: once it gets worse, it stays so.
    if (near > far) break;
    if (near < far || code % 2 === 0) best = code;
  }
  return best;
}

export interface EncodedFloats {
  readonly scale: number;
  /** With the sign in bit 7 for e4m3, in bit 3 for e2m1. */
  readonly codes: readonly number[];
  readonly decoded: readonly number[];
}

/** e4m3 with one scale, in the weights' type; -0 loses its sign, as the reference adds a zero point of 0. */
export function encodeE4m3(weights: ArrayLike<number>, type: OracleType, quotient: OracleType): EncodedFloats {
  return encodeE4m3With(weights, roundTo(Math.fround(absmaxOf(weights) / 448), type) || epsilonOf(type), quotient);
}

export function encodeE4m3With(weights: ArrayLike<number>, scale: number, quotient: OracleType): EncodedFloats {
  return encodeWith(weights, scale, quotient, E4M3, 0x80);
}

/** e2m1 with a given scale; only what is less than 0 keeps its sign. */
export function encodeE2m1With(weights: ArrayLike<number>, scale: number, quotient: OracleType): EncodedFloats {
  return encodeWith(weights, scale, quotient, E2M1, 8);
}

function encodeWith(
  weights: ArrayLike<number>,
  scale: number,
  quotient: OracleType,
  numbers: readonly number[],
  signBit: number,
): EncodedFloats {
  const codes: number[] = [];
  const decoded: number[] = [];
  for (let i = 0; i < weights.length; i++) {
    const x = roundTo(weights[i] / scale, quotient);
    const code = nearestCode(Math.abs(x), numbers);
    const negative = x < 0;
    codes.push(code | (negative ? signBit : 0));
    decoded.push((negative ? -1 : 1) * numbers[code] * scale);
  }
  return { scale, codes, decoded };
}

export function absmaxOf(weights: ArrayLike<number>): number {
  let absmax = 0;
  for (let i = 0; i < weights.length; i++) absmax = Math.max(absmax, Math.abs(weights[i]));
  return absmax;
}

/** Biased exponent of a microscaling group's scale: 2 for e2m1 and 8 for e4m3 is taken off that of the largest weight. */
export function mxExponent(absmax: number, offset: number, type: OracleType): number {
  const smallestNormal = type === 'f16' ? 2 ** -14 : 2 ** -126;
  let exponent = Math.floor(Math.log2(absmax));
  if (absmax >= 2 ** (exponent + 1)) exponent++;
  // The reference adds a quarter of the mantissa's range to the bits: a subnormal that does not become normal counts as zero.
  if (absmax < smallestNormal) exponent = absmax >= 0.75 * smallestNormal ? Math.log2(smallestNormal) : -Infinity;
  else if (absmax / 2 ** exponent >= 1.75) exponent++;
  const biased = Math.max(0, exponent + 127 - offset);
  return type === 'f16' && biased < 127 - 24 ? 127 : biased;
}
