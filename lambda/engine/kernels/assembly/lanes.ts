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

// Of eight elements that follow each other, `evens` takes the first, the third and so on, and `odds` the others: with 16 bits
// an element, that is one operation each. Of f32 they take the first four and the last four. `weave` gets the order back.

/** Four of eight elements as f32. `upper` keeps the upper 16 bits of a lane. */
// @ts-ignore: decorator
@inline
export function evens<T>(at: usize, upper: v128, unbias: v128): v128 {
  const v = v128.load(at);
  if (isFloat<T>()) return v;
  if (!isSigned<T>()) return i32x4.shl(v, 16);
  return widenBits<T>(v128.andnot(v, upper), unbias);
}

// @ts-ignore: decorator
@inline
export function odds<T>(at: usize, upper: v128, unbias: v128): v128 {
  if (isFloat<T>()) return v128.load(at, 16);
  const v = v128.load(at);
  if (!isSigned<T>()) return v128.and(v, upper);
  return widenBits<T>(i32x4.shr_u(v, 16), unbias);
}

/** The low 16 bits of the lanes of evens and odds, in the elements' order. */
// @ts-ignore: decorator
@inline
export function weave<T>(even: v128, odd: v128): v128 {
  if (isFloat<T>()) return i16x8.shuffle(even, odd, 0, 2, 4, 6, 8, 10, 12, 14);
  return i16x8.shuffle(even, i32x4.shl(odd, 16), 0, 9, 2, 11, 4, 13, 6, 15);
}

const HELD: usize = memory.data(4, 4);

/** A number in all lanes, for the time of a loop: an engine may compute what is pure in each turn anew, but not a load. */
// @ts-ignore: decorator
@inline
export function held(value: f32): v128 {
  store<f32>(HELD, value);
  return v128.load32_splat(HELD);
}

// @ts-ignore: decorator
@inline
export function heldByte(value: i32): v128 {
  store<u8>(HELD, <u8>value);
  return v128.load8_splat(HELD);
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

// M is u8 where multiplying with the scale's inverse gives what dividing by the scale does, in less time, and u16 where it
// may not. It does with powers of two. It does too when scale and weights are bf16 and the quotient is rounded to bf16: its
// distance from a tie is 2^-17 of it at least (both have 8 bits, a tie 9), and the product's error is 2^-23 at the most.

/** Whether a scale's inverse is a normal f32; the largest scale's is. */
// @ts-ignore: decorator
@inline
export function invertible(scale: f32): bool {
  return scale >= reinterpret<f32>(0x00800000);
}

// @ts-ignore: decorator
@inline
export function divisor<M>(scale: f32): v128 {
  return held(sizeof<M>() == 1 ? 1 / scale : scale);
}

// @ts-ignore: decorator
@inline
export function over<M>(w: v128, divisor: v128): v128 {
  return sizeof<M>() == 1 ? f32x4.mul(w, divisor) : f32x4.div(w, divisor);
}
