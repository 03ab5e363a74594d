/** Standard deviation of the weights, about that of a language model's. */
const DEVIATION = 0.02;

/**
 * Bf16 weights from a bell-shaped distribution, the same at each call.
 *
 * @returns 2 * `count` bytes, little endian
 */
export function randomWeights(count: number, seed = 1): Uint8Array {
  const bits = new Uint16Array(count);
  const float = new Float32Array(1);
  const word = new Uint32Array(float.buffer);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < count; i++) {
    // The sum of four uniform bytes-and-a-half is close enough to normal; its deviation is 1 / sqrt(3).
    let sum = 0;
    for (let j = 0; j < 4; j++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      sum += state | 0;
    }
    float[0] = (sum / 2 ** 31 / 2) * Math.sqrt(3) * DEVIATION;
    bits[i] = word[0] >>> 16;
  }
  return new Uint8Array(bits.buffer);
}
