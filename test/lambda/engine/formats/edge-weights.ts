/** Matrices that are hard on scales, each of `rows` times `columns` values, by name. */
export function edgeWeights(rows: number, columns: number): Record<string, Float32Array> {
  const count = rows * columns;
  let state = 11;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const fill = (value: (at: number) => number) => Float32Array.from({ length: count }, (_, at) => value(at));
  return {
    zeros: fill(() => 0),
    'negative zeros': fill(() => -0),
    'one value': fill(() => 0.3),
    'one value that is not zero': fill((at) => (at === count >> 1 ? -1.5 : 0)),
    'positive numbers': fill(() => 1 + uniform() / 8),
    'negative numbers': fill(() => -1 + uniform() / 8),
    'two numbers': fill((at) => (at % 3 === 0 ? 1 : -1)),
    ties: fill((at) => ((at % 31) - 15) / 2),
    'an outlier each': fill((at) => (at % columns === at % 7 ? 40 : uniform() * 0.01)),
    'heavy tails': fill(() => uniform() ** 9 * 10),
    'huge numbers': fill(() => uniform() * 1e18),
    'tiny numbers': fill(() => uniform() * 1e-18),
    'numbers below the normal ones': fill(() => uniform() * 1e-40),
    'numbers of all sizes': fill(() => uniform() * 2 ** Math.round(uniform() * 40)),
  };
}

/** The sum of squared differences. */
export function squaredError(weights: Float32Array, made: (at: number) => number): number {
  return weights.reduce((sum, weight, at) => sum + (weight - made(at)) ** 2, 0);
}
