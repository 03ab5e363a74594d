/** A block in four bits as MatMulNBits takes it. */
export interface FourBitBlock {
  readonly scale: number;
  /** 0 to 15; 8 where there is none. */
  readonly point: number;
  /** 0 to 15. */
  readonly codes: readonly number[];
}

/**
 * A block as onnxruntime makes it: products with the scale's inverse, ties away from zero, all in f32.
 *
 * @param add When the zero point is added: before rounding for MatMulNBits, after it for DequantizeLinear.
 */
export function encodeFourBits(
  weights: ArrayLike<number>,
  asymmetric: boolean,
  add: 'before rounding' | 'after rounding' = 'before rounding',
): FourBitBlock {
  const f = Math.fround;
  let [low, high] = [0, 0];
  for (let i = 0; i < weights.length; i++) [low, high] = [Math.min(low, weights[i]), Math.max(high, weights[i])];
  const extreme = high > -low ? high : low;
  const scale = asymmetric ? f(f(high - low) / 15) : f((extreme || 0) / -8);
  const exact = scale === 0 ? 0 : f(-low / scale);
  const point = asymmetric ? Math.floor(f(Math.min(Math.max(exact, 0), 15) + 0.5)) : 8;
  const inverse = scale === 0 ? 0 : f(1 / scale);
  const codes = Array.from(weights, (w) => {
    const scaled = f(w * inverse);
    const code = add === 'before rounding' ? awayFromZero(f(scaled + point)) : awayFromZero(scaled) + point;
    return Math.min(Math.max(code, 0), 15);
  });
  return { scale, point, codes };
}

function awayFromZero(x: number): number {
  const whole = Math.trunc(x);
  return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole;
}

/** Sum of the squared differences between weights and what a block decodes to. */
export function noiseOfBlock(weights: ArrayLike<number>, { scale, point, codes }: FourBitBlock): number {
  return codes.reduce((sum, code, i) => sum + (weights[i] - (code - point) * scale) ** 2, 0);
}
