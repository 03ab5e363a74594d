import { OracleType, roundTo } from '../../../../lambda/engine/kernels/oracle/numbers';

/** Random numbers from 0 to 1 that are the same in every run. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Weights as trained ones are spread: Gaussian, or with the heavy tails of Student's t with four degrees of freedom. */
export function randomWeights(
  seed: number,
  count: number,
  type: OracleType,
  heavyTails = false,
  deviation = 0.02,
): number[] {
  const random = randomFrom(seed);
  const gaussian = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const one = () => {
    if (!heavyTails) return gaussian();
    let square = 0;
    for (let i = 0; i < 4; i++) square += gaussian() ** 2;
    return gaussian() / Math.sqrt(square / 4);
  };
  return Array.from({ length: count }, () => roundTo(one() * deviation, type));
}
