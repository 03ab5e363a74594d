import { INTEGER_MAGIC, word } from './constants';
import { sumLanes } from './stats';

// Scales with less squared error than those of the reference, for rows of any length. Codes are tried for a grid of
// scales and then around the best of them. For given codes c the best scale is sum(c w) / sum(c c), so each trial also
// tells the scale that fits its codes. What is found counts only when, as it will be decoded, it is closer to the weights
// than the reference's own: the error is never larger.

/** Scales that are tried, relative to the reference's, until two in a row bring nothing. */
const FACTORS8: usize = memory.data<f32>([1, 0.99, 0.98, 0.96, 0.93, 0.88, 0.8, 0.68, 0.5], 16);
const COUNT8: i32 = 9;
const FACTORS4: usize = memory.data<f32>([1.06, 1, 0.94, 0.88, 0.82, 0.76, 0.7, 0.62, 0.54, 0.45], 16);
const COUNT4: i32 = 10;

/** Outside of these, products of f32 could overflow or vanish; such rows keep their scale. */
const SMALLEST: f32 = 1e-18;
const LARGEST: f32 = 1e18;

/** What sums of f32 may be off by: a gain that is smaller is none. */
const CERTAIN: f64 = 1 - 1e-6;

/** Weights that are summed in f32 before they go into f64. */
const STRETCH: i32 = 2048;
/** Weights that the loops take at a time. */
const LANES: i32 = 8;
const TAIL: usize = memory.data(32, 16);

let row: usize = 0;
let count: i32 = 0;
let lowest: f32 = 0;
let highest: f32 = 0;
let bestScale: f32 = 0;
let bestError: f64 = 0;
let square: f64 = 0;
let product: f64 = 0;
let noise: f64 = 0;

/** Sums over `length` weights, a multiple of LANES: codes squared, codes times weights, what the codes leave. */
function sumUp(from: usize, length: i32, divisor: f32, inverse: f32): void {
  const magic = word(INTEGER_MAGIC);
  const low = f32x4.splat(lowest);
  const high = f32x4.splat(highest);
  const d = f32x4.splat(divisor);
  const i = f32x4.splat(inverse);
  let squares = f32x4.splat(0);
  let products = squares;
  let rests = squares;
  const end = from + (<usize>length << 2);
  if (inverse == 0) {
    // As the weights are encoded.
    for (let at = from; at < end; at += 16) {
      const x = f32x4.div(v128.load(at), d);
      const t = f32x4.sub(f32x4.add(f32x4.pmin(f32x4.pmax(x, low), high), magic), magic);
      const rest = f32x4.sub(x, t);
      rests = f32x4.add(rests, f32x4.mul(rest, rest));
    }
  } else {
    for (let at = from; at < end; at += 32) {
      const x = f32x4.mul(v128.load(at), i);
      const y = f32x4.mul(v128.load(at, 16), i);
      const t = f32x4.sub(f32x4.add(f32x4.pmin(f32x4.pmax(x, low), high), magic), magic);
      const u = f32x4.sub(f32x4.add(f32x4.pmin(f32x4.pmax(y, low), high), magic), magic);
      squares = f32x4.add(squares, f32x4.add(f32x4.mul(t, t), f32x4.mul(u, u)));
      products = f32x4.add(products, f32x4.add(f32x4.mul(t, x), f32x4.mul(u, y)));
      const r = f32x4.sub(x, t);
      const s = f32x4.sub(y, u);
      rests = f32x4.add(rests, f32x4.add(f32x4.mul(r, r), f32x4.mul(s, s)));
    }
  }
  square += sumLanes(squares);
  product += sumLanes(products);
  noise += sumLanes(rests);
}

/** The sums over the row, in units of the scale; an inverse of 0 divides instead. */
function sumRow(scale: f32, inverse: f32): void {
  square = 0;
  product = 0;
  noise = 0;
  const whole = count & -LANES;
  for (let done = 0; done < whole; done += STRETCH) {
    sumUp(row + (<usize>done << 2), min(STRETCH, whole - done), scale, inverse);
  }
  if (whole < count) {
    memory.fill(TAIL, 0, 32);
    memory.copy(TAIL, row + (<usize>whole << 2), <usize>(count - whole) << 2);
    sumUp(TAIL, LANES, scale, inverse);
  }
}

/** The squared error with a scale, as it is encoded and decoded. */
function errorOf(scale: f32): f64 {
  sumRow(scale, 0);
  return noise * <f64>scale * <f64>scale;
}

/** Tries the codes of a scale; keeps the scale that fits them best when it is the best so far. */
function attempt(scale: f32): bool {
  sumRow(scale, 1 / scale);
  if (square == 0 || product <= 0) return false;
  const ratio = product / square;
  const unit = <f64>scale * <f64>scale;
  const error = (noise - square * (1 - ratio) * (1 - ratio)) * unit;
  if (!(error < bestError)) return false;
  bestError = error;
  bestScale = <f32>(<f64>scale * ratio);
  return true;
}

function fit(scale: f32): f32 {
  const reference = errorOf(scale);
  bestError = reference;
  bestScale = scale;
  const factors = highest > 8 ? FACTORS8 : FACTORS4;
  const last = highest > 8 ? COUNT8 : COUNT4;
  let best = highest > 8 ? 0 : 1;
  let idle = 0;
  for (let i = 0; i < last && idle < 2; i++) {
    const found = attempt(scale * load<f32>(factors + (<usize>i << 2)));
    if (found) best = i;
    idle = found ? 0 : idle + 1;
  }
  const middle = load<f32>(factors + (<usize>best << 2));
  const above = load<f32>(factors + (<usize>max(best - 1, 0) << 2));
  const below = load<f32>(factors + (<usize>min(best + 1, last - 1) << 2));
  for (let share: f32 = 0.5; share > 0.2; share /= 2) {
    attempt(scale * (middle + (above - middle) * share));
    attempt(scale * (middle + (below - middle) * share));
  }
  // The scale that fits the codes has codes of its own, which may fit better still.
  for (let i = 0; i < 3 && attempt(bestScale); i++);
  return bestScale > 0 && errorOf(bestScale) < reference * CERTAIN ? bestScale : scale;
}

/** Moves each row's scale to one that leaves no more error, for codes from `low` to `high`. */
export function fitScalesF32(src: usize, rows: i32, cols: i32, low: f32, high: f32, scales: usize): void {
  count = cols;
  lowest = low;
  highest = high;
  for (let i = 0; i < rows; i++) {
    row = src + <usize>i * (<usize>cols << 2);
    const scale = load<f32>(scales);
    if (scale > SMALLEST && scale < LARGEST) store<f32>(scales, fit(scale));
    scales += 4;
  }
}
