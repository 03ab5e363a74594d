import { WeightType } from './weight-type';

const floats = new Float32Array(1);
const words = new Uint32Array(floats.buffer);

/** The number that magnitude bits stand for. */
export function valueOfBits(bits: number, dtype: WeightType): number {
  if (dtype === 'F16') {
    const exponent = bits >> 10;
    const mantissa = bits & 0x3ff;
    return exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15);
  }
  words[0] = dtype === 'BF16' ? bits << 16 : bits;
  return floats[0];
}

/** The nearest number of a type, ties to even, by way of f32 as torch computes; too large becomes an infinity. */
export function roundTo(value: number, dtype: WeightType): number {
  const single = Math.fround(value);
  if (dtype === 'F32' || !Number.isFinite(single)) return single;
  if (dtype === 'BF16') {
    floats[0] = single;
    const bits = words[0];
    words[0] = (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000;
    return floats[0];
  }
  const magnitude = Math.abs(single);
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)));
  const unit = 2 ** (exponent - 10);
  const scaled = magnitude / unit;
  const whole = Math.floor(scaled);
  const up = scaled - whole > 0.5 || (scaled - whole === 0.5 && whole % 2 === 1);
  const rounded = (up ? whole + 1 : whole) * unit;
  return Math.sign(single) * (rounded > 65504 ? Infinity : rounded);
}
