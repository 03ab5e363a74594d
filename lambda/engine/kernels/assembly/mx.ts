/**
 * The biased exponent (127 for 1) of a group's scale from the bits of its largest magnitude: the magnitude's own, one
 * more from a mantissa of 1.75 on, less `offset`. Subnormal magnitudes count as zero. Where the type has no number for
 * the scale it is 1: so the reference has it.
 */
// @ts-ignore: decorator
@inline
export function mxExponent<T>(bits: u32, offset: i32): i32 {
  const mantissa: u32 = isFloat<T>() ? 23 : isSigned<T>() ? 10 : 7;
  const bias: i32 = isSigned<T>() && !isFloat<T>() ? 15 : 127;
  const field = <i32>((bits + (1 << (mantissa - 2))) >> mantissa);
  const exponent = field == 0 ? 0 : max(0, field - bias + 127 - offset);
  if (isSigned<T>() && !isFloat<T>() && exponent < 127 - 24) return 127;
  return exponent;
}

/** 2 to a biased exponent less 127. */
// @ts-ignore: decorator
@inline
export function mxScale(exponent: i32): f32 {
  return reinterpret<f32>(exponent == 0 ? 0x00400000 : <u32>exponent << 23);
}
