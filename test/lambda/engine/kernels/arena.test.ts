import { Arena } from '../../../../lambda/engine/kernels';

const KIB = 1024;
const arenaOf = (bytes: number, base = 0) => new Arena({ buffer: new ArrayBuffer(bytes) }, base);
const pause = () => new Promise((resume) => setImmediate(resume));

describe('Arena', () => {
  test('hands out aligned memory of the length asked for, without overlap', () => {
    const arena = arenaOf(64 * KIB, 100);
    const regions = [1, 0, 64, 65, 1000].map((bytes) => arena.alloc(bytes));
    regions.forEach(({ ptr, view }, i) => {
      expect(ptr % 64).toBe(0);
      expect(ptr).toBeGreaterThanOrEqual(i === 0 ? 100 : regions[i - 1].ptr + regions[i - 1].view.length);
      expect(view.byteOffset).toBe(ptr);
    });
    expect(regions.map(({ view }) => view.length)).toEqual([1, 0, 64, 65, 1000]);
  });

  test('a scope gives back what it took, also when it fails, and an inner one only its own', async () => {
    const arena = arenaOf(4 * KIB);
    for (let i = 0; i < 10; i++) {
      await arena.scoped(async () => {
        const outer = arena.alloc(KIB);
        outer.view.fill(7);
        for (let k = 0; k < 10; k++) {
          await arena.scoped(async () => {
            await pause();
            arena.alloc(2 * KIB).view.fill(1);
          });
        }
        expect(outer.view.every((byte) => byte === 7)).toBe(true);
      });
      await expect(
        arena.scoped(async () => {
          arena.alloc(3 * KIB);
          throw new Error('on purpose');
        }),
      ).rejects.toThrow('on purpose');
    }
    expect(arena.alloc(4 * KIB).view.length).toBe(4 * KIB);
  });

  test('scopes that overlap in time keep their memory apart', async () => {
    const arena = arenaOf(64 * KIB);
    const work = (mark: number, turns: number) =>
      arena.scoped(async () => {
        const first = arena.alloc(KIB + mark);
        first.view.fill(mark);
        for (let i = 0; i < turns; i++) await pause();
        const second = arena.alloc(KIB);
        second.view.fill(mark);
        await pause();
        return [first, second].every(({ view }) => view.every((byte) => byte === mark));
      });
    const results = await Promise.all(Array.from({ length: 20 }, (_, i) => work(i + 1, (i * 7) % 5)));
    expect(results).toEqual(Array.from({ length: 20 }, () => true));
    expect(arena.alloc(64 * KIB).ptr).toBe(0);
  });

  test('says how much is left when memory is used up', () => {
    const arena = arenaOf(4 * KIB);
    arena.alloc(KIB);
    expect(() => arena.alloc(4 * KIB)).toThrow('4096 bytes asked for, 3072 left in one piece');
  });
});
