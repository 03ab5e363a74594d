/** Element types of weights, as the oracles name them. */
export type OracleType = 'bf16' | 'f16' | 'f32';

const scratch = new DataView(new ArrayBuffer(4));

/** Rounds a number to the nearest of the type, ties to even; doubles are rounded to f32 first. */
export function roundTo(value: number, type: OracleType): number {
  const x = Math.fround(value);
  if (type === 'f32' || !Number.isFinite(x) || x === 0) return x;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), type === 'bf16' ? -126 : -14);
  const step = 2 ** (exponentOf(x, exponent) - (type === 'bf16' ? 7 : 10));
  const rounded = roundHalfEven(x / step) * step;
  return type === 'f16' && Math.abs(rounded) >= 65536 ? Math.sign(x) * Infinity : Math.fround(rounded);
}

/** log2 may be off by one beside powers of two. */
function exponentOf(x: number, guess: number): number {
  if (Math.abs(x) >= 2 ** (guess + 1)) return guess + 1;
  return guess;
}

/** To the nearest integer, ties to even. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The bytes of values that are of the type already, little-endian. */
export function toBytes(values: readonly number[] | Float32Array, type: OracleType): Uint8Array {
  if (type === 'f32') return new Uint8Array(Float32Array.from(values).buffer);
  return new Uint8Array(Uint16Array.from(values, (value) => bitsOf(value, type)).buffer);
}

/** Bit pattern of a bf16 or f16 value. */
export function bitsOf(value: number, type: OracleType): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  if (type === 'bf16') return bits >>> 16;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = Math.abs(value);
  if (magnitude >= 65536) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | (magnitude / 2 ** -24);
  const exponent = ((bits >>> 23) & 0xff) - 127;
  return sign | ((exponent + 15) << 10) | ((bits >>> 13) & 0x3ff);
}

/** Values from bytes, little-endian. */
export function fromBytes(bytes: Uint8Array, type: OracleType): Float32Array {
  const own = bytes.slice();
  if (type === 'f32') return new Float32Array(own.buffer);
  return Float32Array.from(new Uint16Array(own.buffer), (bits) => valueOf(bits, type));
}

/** Value of a bf16 or f16 bit pattern. */
export function valueOf(bits: number, type: OracleType): number {
  if (type === 'bf16') {
    scratch.setUint32(0, bits << 16);
    return scratch.getFloat32(0);
  }
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 0x3ff;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** What stands in for a scale of zero. */
export function epsilonOf(type: OracleType): number {
  return { bf16: 2 ** -7, f16: 2 ** -10, f32: 2 ** -23 }[type];
}
