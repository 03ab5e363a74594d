/** Maps with at most `width` promises at a time; results keep the order of the input. */
export async function mapConcurrently<T, R>(
  input: readonly T[],
  width: number,
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(input.length);
  let next = 0;
  const lane = async () => {
    while (next < input.length) {
      const index = next++;
      results[index] = await map(input[index]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, input.length) }, lane));
  return results;
}
