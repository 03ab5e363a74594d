import { interleave, median } from '../../bench/statistics';

describe('median', () => {
  test('is the middle value, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4])).toBe(4);
    expect(median([10, 2, 33, 4, 5])).toBe(5);
  });

  test('is the mean of the two middle values of an even number', () => {
    expect(median([8, 1, 2, 100])).toBe(5);
  });

  test('leaves its argument as it is', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  test('refuses no values', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('interleave', () => {
  test('takes turns, every second round backwards, and keeps the values apart', async () => {
    const order: string[] = [];
    let clock = 0;
    const measure = (name: string) => async () => {
      order.push(name);
      return ++clock;
    };
    const values = await interleave([measure('a'), measure('b'), measure('c')], 3);
    expect(order.join('')).toBe('abccbaabc');
    expect(values).toEqual([
      [1, 6, 7],
      [2, 5, 8],
      [3, 4, 9],
    ]);
  });

  test('never runs two at once', async () => {
    let running = 0;
    const measure = async () => {
      expect(++running).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return 0;
    };
    await interleave([measure, measure], 2);
  });
});
