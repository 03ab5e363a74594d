import { WeightType } from '../formats/safetensors/dtypes';

/** Writes scales, which are numbers of `dtype` already, as its bytes into `target`; answers the part that was written. */
export function storeScales(scales: Float32Array, dtype: WeightType, target: Uint8Array): Uint8Array {
  const bytes = target.subarray(0, scales.length * (dtype === 'F32' ? 4 : 2));
  const words = new Uint32Array(scales.buffer, scales.byteOffset, scales.length);
  if (dtype === 'F32') {
    bytes.set(new Uint8Array(scales.buffer, scales.byteOffset, scales.byteLength));
    return bytes;
  }
  const halves = new Uint16Array(target.buffer, target.byteOffset, scales.length);
  for (let i = 0; i < scales.length; i++) halves[i] = dtype === 'BF16' ? words[i]! >>> 16 : f16Bits(scales[i]!);
  return bytes;
}

function f16Bits(value: number): number {
  if (value < 2 ** -14) return value * 2 ** 24;
  if (value === Infinity) return 0x7c00;
  const exponent = Math.floor(Math.log2(value));
  return ((exponent + 15) << 10) | ((value / 2 ** exponent - 1) * 1024);
}
