// Vector constants are loaded from memory into locals at a function's entry: engines may otherwise make a v128.const
// anew in each turn of a loop.

// @ts-ignore: decorator
@lazy const WORDS: usize = memory.data<u32>([
  0x7fff, // 0: half an ulp of bf16 less one
  0xffff0000, // 1: what bf16 keeps
  0xfff, // 2: half an ulp of f16 less one
  0xffffe000, // 3: what f16 keeps
  1, // 4
  0x80000000, // 5: sign
  0x38800000, // 6: 2^-14, the smallest normal f16
  0x3f400000, // 7: 0.75, whose ulp is the smallest subnormal f16
  0x4b400000, // 8: 1.5 * 2^23, whose ulp is 1
  0x7fffffff, // 9: magnitude
  0x43e00000, // 10: 448
  0x3c800000, // 11: 2^-6, the smallest normal e4m3
  0x7f800000, // 12: exponent
  0x0a000000, // 13: 20 in the exponent's place
  0x03800000, // 14: 2^-120
  0x40c00000, // 15: 6
  0x3f800000, // 16: 1, the smallest normal e2m1
  0x0b000000, // 17: 22 in the exponent's place
  0x4a800000, // 18: 2^22, whose ulp is 0.5
  0x77800000, // 19: 2^112
  0x07800000, // 20: 2^-112
  0x47800000, // 21: 65536
  0xc1000000, // 22: -8
  0x40e00000, // 23: 7
  0x80, // 24
  0x7f800000, // 25: infinity
  0x7fff7fff, // 26: magnitude of 16 bits
  0x7f7f7f7f, // 27: magnitude of 8 bits
  0x0f0f0f0f, // 28: low half of each byte
  0x00ff00ff, // 29: low byte of each 16 bits
  0x33000000, // 30: 2^-25, half of the smallest f16
  0x4b400008, // 31: 1.5 * 2^23 + 8
  0x47800080, // 32: 65537
  0x00010001, // 33: 1, in 16 bits
  0xc407c407, // 34: in 16 bits, half an ulp of e4m3 less one, less the bf16 whose code would be 0
  0x007e007e, // 35: in 16 bits, the last code of e4m3
  0x3c803c80, // 36: in 16 bits, the bf16 of 2^-6
  0x3c003c00, // 37: in 16 bits, the bf16 whose code would be 0
  0x80808080, // 38: sign of 8 bits
  0x46c00000, // 39: 1.5 * 2^14, whose ulp is the smallest e4m3
]);

// @ts-ignore: decorator
@inline export function word(index: i32): v128 {
  return v128.load32_splat(WORDS + ((<usize>index) << 2));
}
export const BF16_HALF = 0;
export const BF16_KEEP = 1;
export const F16_HALF = 2;
export const F16_KEEP = 3;
export const ONE = 4;
export const SIGN = 5;
export const F16_MIN_NORMAL = 6;
export const F16_SUBNORMAL_MAGIC = 7;
export const INTEGER_MAGIC = 8;
export const MAGNITUDE = 9;
export const E4M3_MAX = 10;
export const E4M3_MIN_NORMAL = 11;
export const EXPONENT = 12;
export const E4M3_MAGIC_EXPONENT = 13;
export const E4M3_REBIAS = 14;
export const E2M1_MAX = 15;
export const E2M1_MIN_NORMAL = 16;
export const E2M1_MAGIC_EXPONENT = 17;
export const HALVES_MAGIC = 18;
export const F16_UNBIAS = 19;
export const F16_REBIAS = 20;
export const F16_OVERFLOW = 21;
export const INT4_MIN = 22;
export const INT4_MAX = 23;
export const SIGN_BYTE = 24;
export const INFINITE = 25;
export const MAGNITUDE16 = 26;
export const MAGNITUDE8 = 27;
export const NIBBLES = 28;
export const LOW_BYTES = 29;
export const F16_NOTHING = 30;
export const INT4_MAGIC = 31;
export const BF16_SPLITTER = 32;
export const ONE16 = 33;
export const E4M3_BIAS16 = 34;
export const E4M3_LAST16 = 35;
export const E4M3_MIN_NORMAL16 = 36;
export const E4M3_BASE16 = 37;
export const SIGN_BYTES = 38;
export const E4M3_TINY_MAGIC = 39;
