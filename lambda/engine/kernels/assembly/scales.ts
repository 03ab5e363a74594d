import { round1 } from './dtype';

// Bits of a largest magnitude, and the scales that follow from it.

/** The first magnitude bits that are not those of a finite number. */
// @ts-ignore: decorator
@inline
export function infinityBits<T>(): u32 {
  return isFloat<T>() ? 0x7f800000 : isSigned<T>() ? 0x7c00 : 0x7f80;
}

/** The f32 that magnitude bits stand for. */
// @ts-ignore: decorator
@inline
export function fromBits<T>(bits: u32): f32 {
  if (isFloat<T>()) return reinterpret<f32>(bits);
  if (!isSigned<T>()) return reinterpret<f32>(bits << 16);
  if (bits >= 0x7c00) return reinterpret<f32>(bits << 13 | 0x7f800000);
  return reinterpret<f32>(bits << 13) * reinterpret<f32>(0x77800000);
}

/** What stands in for a scale of zero: the type's machine epsilon. */
// @ts-ignore: decorator
@inline
export function epsilon<T>(): f32 {
  return reinterpret<f32>(isFloat<T>() ? 0x34000000 : isSigned<T>() ? 0x3a800000 : 0x3c000000);
}

/** A largest magnitude over what it is to become, in the weights' type, never zero. */
// @ts-ignore: decorator
@inline
export function scaleOf<T>(absmax: f32, becomes: f32): f32 {
  const scale = round1<T>(absmax / becomes);
  return scale == 0 ? epsilon<T>() : scale;
}
