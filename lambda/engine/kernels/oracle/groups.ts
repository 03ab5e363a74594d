import { epsilonOf, OracleType, roundHalfEven, roundTo } from './numbers';

/** A group, row or block with one scale, as integers. */
export interface EncodedGroup {
  readonly scale: number;
  readonly zeroPoint: number;
  /** Integers from -128 or -8 on, without any offset. */
  readonly codes: readonly number[];
}

const clamp = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);

/** Integers as compressed-tensors makes them. `quotient` is the type that quotients are rounded to. */
export function encodeSymmetric(
  weights: ArrayLike<number>,
  bits: number,
  type: OracleType,
  quotient: OracleType,
): EncodedGroup {
  const half = 2 ** (bits - 1);
  let absmax = 0;
  for (let i = 0; i < weights.length; i++) absmax = Math.max(absmax, Math.abs(weights[i]));
  const scale = roundTo(Math.fround(absmax / (half - 0.5)), type) || epsilonOf(type);
  const codes = Array.from(weights, (w) => roundHalfEven(clamp(roundTo(w / scale, quotient), -half, half - 1)) + 0);
  return { scale, zeroPoint: 0, codes };
}

/** Four-bit integers with a zero point, as compressed-tensors makes them; everything is rounded to the weights' type. */
export function encodeAsymmetric(weights: ArrayLike<number>, type: OracleType): EncodedGroup {
  const rd = (x: number) => roundTo(x, type);
  let [low, high] = [0, 0];
  for (let i = 0; i < weights.length; i++) [low, high] = [Math.min(low, weights[i]), Math.max(high, weights[i])];
  const exact = rd(rd(high - low) / 15);
  const point = low === 0 && exact === 0 ? 0 : roundHalfEven(clamp(rd(-8 - rd(low / exact)), -8, 7));
  const scale = exact || epsilonOf(type);
  const codes = Array.from(weights, (w) => roundHalfEven(clamp(rd(rd(w / scale) + point), -8, 7)) + 0);
  return { scale, zeroPoint: point, codes };
}

/** Sum of the squared differences between weights and what a group decodes to. */
export function noiseOf(weights: ArrayLike<number>, { scale, zeroPoint, codes }: EncodedGroup): number {
  return codes.reduce((sum, code, i) => sum + (weights[i] - (code - zeroPoint) * scale) ** 2, 0);
}

/**
 * Groups as llm-compressor's MSE observer makes them: shrinks the range by 0 to 19 hundredths, keeps for each group what
 * gives the least sum of |difference|^2.4, and stops after five steps that improved no group.
 */
export function encodeByMseObserver(
  groups: readonly ArrayLike<number>[],
  symmetric: boolean,
  type: OracleType,
): EncodedGroup[] {
  const best: { loss: number; group?: EncodedGroup }[] = groups.map(() => ({ loss: Infinity }));
  let idle = 0;
  for (let i = 0; i < 20 && idle < 5; i++) {
    let improved = false;
    groups.forEach((weights, g) => {
      const group = encodeShrunk(weights, 1 - i / 100, symmetric, type);
      const loss = group.codes.reduce(
        (sum, code, k) => sum + Math.abs(weights[k] - (code - group.zeroPoint) * group.scale) ** 2.4,
        0,
      );
      if (loss < best[g].loss) {
        best[g] = { loss, group };
        improved = true;
      }
    });
    idle = improved ? 0 : idle + 1;
  }
  return best.map(({ group }) => group!);
}

function encodeShrunk(weights: ArrayLike<number>, part: number, symmetric: boolean, type: OracleType): EncodedGroup {
  const rd = (x: number) => roundTo(x, type);
  let [low, high] = [0, 0];
  for (let i = 0; i < weights.length; i++) [low, high] = [Math.min(low, weights[i]), Math.max(high, weights[i])];
  [low, high] = [rd(low * part), rd(high * part)];
  const scale = (symmetric ? rd(Math.max(-low, high) / 7.5) : rd(rd(high - low) / 15)) || epsilonOf(type);
  const zeroPoint = symmetric ? 0 : roundHalfEven(clamp(rd(-8 - rd(low / scale)), -8, 7));
  const codes = Array.from(weights, (w) => roundHalfEven(clamp(rd(rd(w / scale) + zeroPoint), -8, 7)) + 0);
  return { scale, zeroPoint, codes };
}
