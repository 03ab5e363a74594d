// CRC-64/NVME, reflected, sixteen bytes a step.

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
  while (count >= 16) {
    const a = load<u64>(src) ^ crc;
    const b = load<u64>(src, 8);
    crc =
      entry(15, a) ^ entry(14, a >> 8) ^ entry(13, a >> 16) ^ entry(12, a >> 24) ^
      entry(11, a >> 32) ^ entry(10, a >> 40) ^ entry(9, a >> 48) ^ entry(8, a >> 56) ^
      entry(7, b) ^ entry(6, b >> 8) ^ entry(5, b >> 16) ^ entry(4, b >> 24) ^
      entry(3, b >> 32) ^ entry(2, b >> 40) ^ entry(1, b >> 48) ^ entry(0, b >> 56);
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
