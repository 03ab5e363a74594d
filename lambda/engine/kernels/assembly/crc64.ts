import { fold, foldedLength, FOLD_FROM } from './crc64-fold';

// CRC-64/NVME, reflected: long messages are folded, short ones go sixteen bytes a step through tables.

const POLY: u64 = 0x9a6c9329ac4bc9b5;
const TABLES = memory.data(16 * 256 * 8, 16);

/** Fills the tables; to be called once. */
export function initCrc64(): void {
  for (let n: u32 = 0; n < 256; n++) {
    let crc: u64 = n;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ POLY : crc >> 1;
    store<u64>(TABLES + (<usize>n << 3), crc);
  }
  for (let n: u32 = 0; n < 256; n++) {
    let crc = load<u64>(TABLES + (<usize>n << 3));
    for (let k: u32 = 1; k < 16; k++) {
      crc = load<u64>(TABLES + ((<usize>crc & 0xff) << 3)) ^ (crc >> 8);
      store<u64>(TABLES + ((<usize>k << 11) + (<usize>n << 3)), crc);
    }
  }
}

// @ts-ignore: decorator
@inline
function entry(table: usize, byte: u64): u64 {
  return load<u64>(TABLES + (table << 11) + (<usize>(byte & 0xff) << 3));
}

/** Goes on from `crc` (as crc64 returned it; 0 to begin) over `count` bytes. */
export function crc64(src: usize, count: u32, crc: u64): u64 {
  crc = ~crc;
  if (count >= FOLD_FROM) {
    src = fold(src, count, crc, __heap_base);
    count = foldedLength(count);
    crc = 0;
  }
  while (count >= 16) {
    const a = load<u64>(src) ^ crc;
    const b = load<u64>(src, 8);
    // Only what depends on the last step is in the way of the next one, and it is added up in pairs.
    const apart =
      entry(7, b) ^ entry(6, b >> 8) ^ entry(5, b >> 16) ^ entry(4, b >> 24) ^
      entry(3, b >> 32) ^ entry(2, b >> 40) ^ entry(1, b >> 48) ^ entry(0, b >> 56);
    crc =
      (apart ^ (entry(15, a) ^ entry(14, a >> 8))) ^
      ((entry(13, a >> 16) ^ entry(12, a >> 24)) ^
        ((entry(11, a >> 32) ^ entry(10, a >> 40)) ^ (entry(9, a >> 48) ^ entry(8, a >> 56))));
    src += 16;
    count -= 16;
  }
  while (count > 0) {
    crc = entry(0, crc ^ <u64>load<u8>(src)) ^ (crc >> 8);
    src++;
    count--;
  }
  return ~crc;
}

/** Product of two polynomials modulo CRC-64/NVME's; bit 63 stands for 1, bit 62 for x. */
function multiply(a: u64, b: u64): u64 {
  let product: u64 = 0;
  while (a != 0) {
    if (a >> 63) product ^= b;
    a <<= 1;
    b = b & 1 ? (b >> 1) ^ POLY : b >> 1;
  }
  return product;
}

/** CRC of two runs of bytes one after the other, from their CRCs and the second one's length in bytes. */
export function crc64Combine(first: u64, second: u64, length: u64): u64 {
  // Appending n bytes multiplies by x^(8 n).
  let power: u64 = (<u64>1) << 55;
  for (; length > 0; length >>= 1) {
    if (length & 1) first = multiply(power, first);
    power = multiply(power, power);
  }
  return first ^ second;
}
