import { ItemQueue } from '../../cli/item-queue';

/** Lets workers take turns as `order` says, and returns what each of them got. */
function takeAll(items: number, workers: number, order: readonly number[]): number[][] {
  const queue = ItemQueue.of(items, workers);
  const taken: number[][] = Array.from({ length: workers }, () => []);
  for (const worker of order) {
    const item = queue.take(worker);
    if (item !== undefined) taken[worker].push(item);
  }
  for (let worker = 0; worker < workers; worker++) expect(queue.take(worker)).toBeUndefined();
  return taken;
}

test('gives each worker a stretch of items that follow each other', () => {
  expect(takeAll(6, 2, [0, 1, 0, 1, 0, 1])).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ]);
});

test('lets a fast worker take over the far end of what a slow one has left', () => {
  expect(takeAll(6, 2, [0, 0, 0, 1, 0, 0])).toEqual([[0, 1, 2, 5, 4], [3]]);
});

test.each([
  [1, 1],
  [1, 3],
  [7, 3],
  [10, 4],
  [3, 3],
  [100, 7],
])('hands out each of %i items once to %i workers, in any order of their turns', (items, workers) => {
  let state = items * 31 + workers;
  const random = () => (state = (state * 1103515245 + 12345) % 2 ** 31);
  const taken = takeAll(
    items,
    workers,
    Array.from({ length: items }, () => random() % workers),
  );
  expect(taken.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: items }, (_, item) => item));
});

test('is one queue for all who share its memory', () => {
  const queue = ItemQueue.of(4, 2);
  const other = new ItemQueue(queue.shared);
  expect([queue.take(0), other.take(1), other.take(1), other.take(1), queue.take(0)]).toEqual([0, 2, 3, 1, undefined]);
});
