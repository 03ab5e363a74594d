import { bareKernels, kernels } from './kernels';

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
  return bareKernels().crc64Combine(first, second, BigInt(secondLength)) & MASK;
}
