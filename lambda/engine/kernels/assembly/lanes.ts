// What the inner loops do to four f32 at a time. Element types are told apart by the tags of dtype.ts. Constants come in
// as locals (see constants.ts).

/** Four elements as f32. `unbias` is 2^112; only f16 uses it. Infinities and NaN of f16 come out finite. */
// @ts-ignore: decorator
@inline
export function widen4<T>(at: usize, unbias: v128): v128 {
  if (isFloat<T>()) return v128.load(at);
  if (!isSigned<T>()) return i16x8.shuffle(i16x8.splat(0), v128.load64_zero(at), 0, 8, 1, 9, 2, 10, 3, 11);
  return widenBits<T>(v128.load_ext<u16>(at), unbias);
}

/** Four patterns of 16 bits, each in the low half of a lane, as f32. */
// @ts-ignore: decorator
@inline
export function widenBits<T>(bits: v128, unbias: v128): v128 {
  if (!isSigned<T>()) return i32x4.shl(bits, 16);
  return v128.or(
    f32x4.mul(i32x4.shr_u(i32x4.shl(bits, 17), 4), unbias),
    i32x4.shl(i32x4.shr_u(bits, 15), 31),
  );
}

/** Where the constants of `near4` start: half an ulp less one, and then what is kept. f32 uses neither. */
// @ts-ignore: decorator
@inline
export function halfIndex<R>(): i32 {
  return isSigned<R>() && !isFloat<R>() ? 2 : 0;
}

/** Rounds to the nearest number of type R, ties to even. What f16 is too small for becomes 65536 or more. */
// @ts-ignore: decorator
@inline
export function near4<R>(
  x: v128,
  half: v128,
  keep: v128,
  one: v128,
  sign: v128,
  minNormal: v128,
  subnormalMagic: v128,
): v128 {
  if (isFloat<R>()) return x;
  if (!isSigned<R>()) return v128.and(i32x4.add(i32x4.add(x, half), v128.and(i32x4.shr_u(x, 16), one)), keep);
  const magnitude = v128.andnot(x, sign);
  const normal = v128.and(i32x4.add(i32x4.add(magnitude, half), v128.and(i32x4.shr_u(x, 13), one)), keep);
  const tiny = f32x4.sub(f32x4.add(magnitude, subnormalMagic), subnormalMagic);
  return v128.or(v128.bitselect(tiny, normal, f32x4.lt(magnitude, minNormal)), v128.and(x, sign));
}

/**
 * Rounds quotients of two numbers of type R to R. A quotient is never halfway between two normal ones (the divisor times
 * one bit more than R has does not fit R), so ties need no care: a subnormal tie goes towards 0. f16 quotients below
 * 2^-14 stay unrounded: they become 0 in every format, and `flush` sees to their sign.
 */
// @ts-ignore: decorator
@inline
export function nearQuotient<R>(x: v128, half: v128, keep: v128): v128 {
  if (isFloat<R>()) return x;
  return v128.and(i32x4.add(x, half), keep);
}

/** Makes 0 of what f16 has no number for; for the other types `nearQuotient` and the division do. */
// @ts-ignore: decorator
@inline
export function flush<R>(x: v128, sign: v128, least: v128): v128 {
  if (isFloat<R>() || !isSigned<R>()) return x;
  return v128.and(x, f32x4.gt(v128.andnot(x, sign), least));
}

/** Sixteen i32 from -128 to 127 as bytes; `toUnsignedBytes` takes them from 0 to 255. */
// @ts-ignore: decorator
@inline
export function toBytes(a: v128, b: v128, c: v128, d: v128): v128 {
  return i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
}

// @ts-ignore: decorator
@inline
export function toUnsignedBytes(a: v128, b: v128, c: v128, d: v128): v128 {
  return i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
}

// M is u8 where scales are powers of two, u16 where they may be any. A power of two is multiplied with its inverse, which
// is exact and takes less time than a division.

// @ts-ignore: decorator
@inline
export function divisor<M>(scale: f32): v128 {
  return f32x4.splat(sizeof<M>() == 1 ? 1 / scale : scale);
}

// @ts-ignore: decorator
@inline
export function over<M>(w: v128, divisor: v128): v128 {
  return sizeof<M>() == 1 ? f32x4.mul(w, divisor) : f32x4.div(w, divisor);
}
