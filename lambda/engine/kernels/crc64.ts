import { kernels } from './kernels';

const POLYNOMIAL = 0x9a6c9329ac4bc9b5n;
const MASK = (1n << 64n) - 1n;

/** CRC-64/NVME of `bytes`, going on from `crc` (0n to begin). */
export function crc64nvme(bytes: Uint8Array, crc: bigint): bigint {
  const { run, memory, scratch } = kernels();
  if (bytes.buffer === memory.buffer) return run.crc64(bytes.byteOffset, bytes.length, crc) & MASK;
  // Chunks stay in the processor's cache.
  for (let offset = 0; offset < bytes.length; offset += scratch.view.length) {
    const chunk = bytes.subarray(offset, offset + scratch.view.length);
    scratch.view.set(chunk);
    crc = run.crc64(scratch.ptr, chunk.length, crc) & MASK;
  }
  return crc;
}

/** CRC of two runs of bytes one after the other, from their CRCs and the second one's length in bytes. */
export function combineCrc64nvme(first: bigint, second: bigint, secondLength: number): bigint {
  // Multiplying by x^(8 n) modulo the polynomial is what n zero bytes do to a CRC.
  let operator = zeroByteOperator();
  let crc = first;
  for (let length = BigInt(secondLength); length > 0n; length >>= 1n) {
    if (length & 1n) crc = apply(operator, crc);
    operator = operator.map((column) => apply(operator, column));
  }
  return crc ^ second;
}

/** As a matrix over GF(2): column k is what a zero byte makes of a CRC with bit k alone. */
function zeroByteOperator(): bigint[] {
  return Array.from({ length: 64 }, (_, bit) => {
    let crc = 1n << BigInt(bit);
    for (let i = 0; i < 8; i++) crc = crc & 1n ? (crc >> 1n) ^ POLYNOMIAL : crc >> 1n;
    return crc;
  });
}

function apply(operator: readonly bigint[], crc: bigint): bigint {
  let result = 0n;
  for (let bit = 0; crc > 0n; bit++, crc >>= 1n) if (crc & 1n) result ^= operator[bit];
  return result;
}
