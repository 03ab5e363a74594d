/** Maps with at most `limit` calls under way; the results keep the order. The first failure stops new calls. */
export async function mapConcurrently<T, R>(
  inputs: readonly T[],
  limit: number,
  map: (input: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(inputs.length);
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < inputs.length && !failed) {
      const index = next++;
      try {
        results[index] = await map(inputs[index], index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, inputs.length) }, lane));
  return results;
}
