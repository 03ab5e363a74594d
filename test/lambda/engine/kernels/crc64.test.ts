import { combineCrc64nvme, crc64nvme, kernels } from '../../../../lambda/engine/kernels';
import { crc64ByBits } from '../../../../lambda/engine/kernels/oracle/crc64';
import { randomFrom } from './random-weights';

function randomBytes(seed: number, length: number): Uint8Array {
  const random = randomFrom(seed);
  return Uint8Array.from({ length }, () => random() * 256);
}

describe('CRC-64/NVME', () => {
  test('gives the check value of the catalogue', () => {
    expect(crc64nvme(Buffer.from('123456789'), 0n)).toBe(0xae8b14860a799888n);
    expect(crc64nvme(new Uint8Array(0), 0n)).toBe(0n);
  });

  test('equals the definition at every length around a step', () => {
    const bytes = randomBytes(1, 70);
    for (let length = 0; length <= bytes.length; length++) {
      const part = bytes.subarray(0, length);
      expect(crc64nvme(part, 0n)).toBe(crc64ByBits(part, 0n));
    }
  });

  test('goes on from any cut, longer than the scratch memory, and on kernel memory itself', () => {
    const bytes = randomBytes(2, 150_001);
    const whole = crc64nvme(bytes, 0n);
    for (const cut of [0, 1, 15, 65_536, 150_000]) {
      expect(crc64nvme(bytes.subarray(cut), crc64nvme(bytes.subarray(0, cut), 0n))).toBe(whole);
    }
    const region = kernels().arena.alloc(bytes.length);
    region.view.set(bytes);
    expect(crc64nvme(region.view, 0n)).toBe(whole);
    expect(whole).toBe(crc64ByBits(bytes, 0n));
  });

  test('is the same in one go as in pieces that are too short to be folded', () => {
    const { arena } = kernels();
    const region = arena.alloc(400_000);
    region.view.set(randomBytes(4, region.view.length));
    const inPieces = (bytes: Uint8Array) => {
      let crc = 0n;
      for (let at = 0; at < bytes.length; at += 1000) crc = crc64nvme(bytes.subarray(at, at + 1000), crc);
      return crc;
    };
    const random = randomFrom(5);
    const around = [32_768, 65_536, 80_512, 131_072, 146_048, 211_584, 300_000];
    const lengths = around.flatMap((length) => [-33, -17, -16, -1, 0, 1, 15, 16, 31].map((more) => length + more));
    for (const length of [...lengths, ...Array.from({ length: 60 }, () => 32_000 + Math.floor(random() * 350_000))]) {
      const begin = Math.floor(random() * 100);
      const bytes = region.view.subarray(begin, begin + length);
      expect([length, crc64nvme(bytes, 0n)]).toEqual([length, inPieces(bytes)]);
    }
  });

  test('combines, whatever the lengths', () => {
    const bytes = randomBytes(3, 5000);
    for (const cut of [0, 1, 7, 8, 1024, 4999, 5000]) {
      const [first, second] = [bytes.subarray(0, cut), bytes.subarray(cut)];
      expect(combineCrc64nvme(crc64nvme(first, 0n), crc64nvme(second, 0n), second.length)).toBe(crc64nvme(bytes, 0n));
    }
  });

  test('combines over lengths that no memory holds', () => {
    // Appending 2^40 bytes and then 2^40 more is appending 2^41.
    const a = 0x0123456789abcdefn;
    const once = combineCrc64nvme(a, 0n, 2 ** 40);
    expect(combineCrc64nvme(once, 0n, 2 ** 40)).toBe(combineCrc64nvme(a, 0n, 2 ** 41));
    expect(once).not.toBe(a);
  });
});
