const POLYNOMIAL = 0x9a6c9329ac4bc9b5n;
const MASK = (1n << 64n) - 1n;

/** CRC-64/NVME bit by bit, going on from `crc` (0n to begin). */
export function crc64ByBits(bytes: Uint8Array, crc: bigint): bigint {
  let register = crc ^ MASK;
  for (const byte of bytes) {
    register ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) register = register & 1n ? (register >> 1n) ^ POLYNOMIAL : register >> 1n;
  }
  return register ^ MASK;
}
