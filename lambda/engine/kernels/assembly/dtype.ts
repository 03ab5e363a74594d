// Element types, told apart at compile time by integer types that stand for them: f32 itself, u16 for bfloat16 and
// i16 for IEEE half. All arithmetic runs in f32.

// @ts-ignore: decorator
@inline
export function isBf16<T>(): bool {
  return !isFloat<T>() && !isSigned<T>();
}

/** Four elements from `ptr`, widened to f32. Infinities and NaN of halves come out finite: check the bits instead. */
// @ts-ignore: decorator
@inline
export function load4<T>(ptr: usize): v128 {
  if (isFloat<T>()) return v128.load(ptr);
  const bits = v128.load_ext<u16>(ptr);
  if (!isSigned<T>()) return i32x4.shl(bits, 16);
  const sign = i32x4.shl(v128.and(bits, i32x4.splat(0x8000)), 16);
  const rest = i32x4.shl(v128.and(bits, i32x4.splat(0x7fff)), 13);
  // The exponent's bias differs by 112; multiplying also puts subnormals right.
  return v128.or(sign, f32x4.mul(rest, f32x4.splat(reinterpret<f32>(0x77800000))));
}

/** One element from `ptr`, widened to f32. */
// @ts-ignore: decorator
@inline
export function load1<T>(ptr: usize): f32 {
  if (isFloat<T>()) return load<f32>(ptr);
  const bits = <u32>load<u16>(ptr);
  if (!isSigned<T>()) return reinterpret<f32>(bits << 16);
  const rest = reinterpret<f32>((bits & 0x7fff) << 13) * reinterpret<f32>(0x77800000);
  return reinterpret<f32>(((bits & 0x8000) << 16) | reinterpret<u32>(rest));
}

/** Rounds four f32 to the nearest value of the element type, ties to even. */
// @ts-ignore: decorator
@inline
export function round4<T>(v: v128): v128 {
  if (isFloat<T>()) return v;
  if (!isSigned<T>()) {
    const odd = v128.and(i32x4.shr_u(v, 16), i32x4.splat(1));
    return v128.and(i32x4.add(i32x4.add(v, i32x4.splat(0x7fff)), odd), i32x4.splat(<i32>0xffff0000));
  }
  const sign = v128.and(v, i32x4.splat(<i32>0x80000000));
  const magnitude = v128.andnot(v, i32x4.splat(<i32>0x80000000));
  const odd = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1));
  let normal = v128.and(i32x4.add(i32x4.add(magnitude, i32x4.splat(0xfff)), odd), i32x4.splat(<i32>0xffffe000));
  // From 65520 on halves are infinite.
  const infinite = i32x4.ge_s(magnitude, i32x4.splat(0x477ff000));
  normal = v128.bitselect(i32x4.splat(0x7f800000), normal, infinite);
  // Below 2^-14 halves are multiples of 2^-24; adding 0.75 puts f32's last bit there.
  const small = f32x4.sub(f32x4.add(magnitude, f32x4.splat(0.75)), f32x4.splat(0.75));
  const isSmall = i32x4.lt_s(magnitude, i32x4.splat(0x38800000));
  return v128.or(v128.bitselect(small, normal, isSmall), sign);
}

/** Rounds one f32 to the nearest value of the element type, ties to even. */
// @ts-ignore: decorator
@inline
export function round1<T>(v: f32): f32 {
  return f32x4.extract_lane(round4<T>(f32x4.splat(v)), 0);
}

/** The bits of the element type for four f32 that are values of it already (see round4), in the low half of each lane. */
// @ts-ignore: decorator
@inline
export function bits4<T>(v: v128): v128 {
  if (!isSigned<T>()) return i32x4.shr_u(v, 16);
  const sign = i32x4.shr_u(v128.and(v, i32x4.splat(<i32>0x80000000)), 16);
  const magnitude = v128.andnot(v, i32x4.splat(<i32>0x80000000));
  const infinite = i32x4.ge_s(magnitude, i32x4.splat(0x7f800000));
  const scaled = i32x4.shr_u(f32x4.mul(magnitude, f32x4.splat(reinterpret<f32>(0x07800000))), 13);
  return v128.or(v128.bitselect(i32x4.splat(0x7c00), scaled, infinite), sign);
}

/** Writes one f32 that is a value of the element type already. */
// @ts-ignore: decorator
@inline
export function store1<T>(ptr: usize, v: f32): void {
  if (isFloat<T>()) store<f32>(ptr, v);
  else store<u16>(ptr, <u16>i32x4.extract_lane(bits4<T>(f32x4.splat(v)), 0));
}
