import { Arena, Region } from './arena';
import { KERNELS_WASM } from './kernels.wasm';
import { WasmApi, WasmMemory } from './webassembly';

/** Enough for the chunks, scales and histograms of one worker, double buffered; never grown, so views stay valid. */
const MEMORY_BYTES = 128 * 1024 * 1024;
const PAGE_BYTES = 65536;
/** What the module asks for; see tools/build-kernels.ts. */
const LEAST_MEMORY_BYTES = 2 * PAGE_BYTES;

/** Small enough to stay in the processor's cache. */
const SCRATCH_BYTES = 64 * 1024;

type Ptr = number;

/**
 * Encodes `runs` contiguous runs of `length` weights, each with a scale of its own. Returns the bits, without the sign, of
 * the largest magnitude among them; when those are not a finite number's, what was written means nothing.
 *
 * `Exact` rounds to the weights' type after every operation, as the reference does, and gives its bytes; without it
 * quotients stay f32 (and int4 searches for its scales), for less error at the same size.
 */
export type EncodeRuns = (src: Ptr, runs: number, length: number, dst: Ptr, scales: Ptr, stats: Ptr) => number;

/** -128 to 127; `flip` is 0 for int8, 0x80 to add 128 to each byte. For groups, `runs` counts groups. */
export type EncodeInt8 = (
  src: Ptr,
  runs: number,
  length: number,
  flip: number,
  dst: Ptr,
  scales: Ptr,
  stats: Ptr,
) => number;

/** Zero points are i8, one a group. */
export type EncodeAsymmetric = (
  src: Ptr,
  runs: number,
  length: number,
  dst: Ptr,
  scales: Ptr,
  zeroPoints: Ptr,
  stats: Ptr,
) => number;

export type EncodeNvfp4 = (src: Ptr, groups: number, globalScale: number, dst: Ptr, scales: Ptr, stats: Ptr) => number;

export type EncodeGroups = (src: Ptr, groups: number, dst: Ptr, scales: Ptr, stats: Ptr) => number;

/**
 * Four-bit blocks for MatMulNBits: `blocks` of `size` f32 that follow each other, of which `used` are weights and the rest
 * zeros. Results lie at the given distances in bytes.
 */
export type EncodeBlocks = (
  src: Ptr,
  blocks: number,
  size: number,
  used: number,
  dst: Ptr,
  dstStride: number,
  scales: Ptr,
  scaleStride: number,
  stats: Ptr,
) => number;

/** Zero points are u8. */
export type EncodeAsymmetricBlocks = (
  src: Ptr,
  blocks: number,
  size: number,
  used: number,
  dst: Ptr,
  dstStride: number,
  scales: Ptr,
  scaleStride: number,
  points: Ptr,
  pointStride: number,
  stats: Ptr,
) => number;

/**
 * The same for a block of each of `cols` columns of a matrix whose rows lie `srcStride` bytes apart, and which has no
 * filling.
 */
export type EncodeBlockColumns = (
  src: Ptr,
  cols: number,
  srcStride: number,
  size: number,
  used: number,
  dst: Ptr,
  dstStride: number,
  scales: Ptr,
  scaleStride: number,
  stats: Ptr,
) => number;

/** Zero points are u8. */
export type EncodeAsymmetricBlockColumns = (
  src: Ptr,
  cols: number,
  srcStride: number,
  size: number,
  used: number,
  dst: Ptr,
  dstStride: number,
  scales: Ptr,
  scaleStride: number,
  points: Ptr,
  pointStride: number,
  stats: Ptr,
) => number;

/**
 * What the module exports. Sources and targets are addresses in its memory; rows are contiguous. `stats` points to three
 * f64 (sum of squares, sum of squared errors, zeros) that a kernel adds to. `scales` are f32.
 */
export interface KernelExports {
  /** Raises `dst[row]`, the bits of the row's largest magnitude (u32; for 16-bit elements, their 15 bits). */
  absmaxRowsF32: (src: Ptr, rows: number, cols: number, dst: Ptr) => void;
  absmaxRows16: (src: Ptr, rows: number, cols: number, dst: Ptr) => void;
  absmaxColumnsF32: (src: Ptr, rows: number, cols: number, dst: Ptr) => void;

  /** int8 = round-half-even(clamp(w / scale, low, 127)); `Exact` rounds the quotient to the element type first. */
  int8RowsF32: (src: Ptr, rows: number, cols: number, scales: Ptr, low: number, dst: Ptr, stats: Ptr) => void;
  int8ColumnsF32: (src: Ptr, rows: number, cols: number, scales: Ptr, low: number, dst: Ptr, stats: Ptr) => void;
  /** int8 as TensorFlow's converter rounds: quotients and scales (one a row, or a column) are f64, ties away from zero. */
  int8RowsConverterF32: (src: Ptr, rows: number, cols: number, scales: Ptr, dst: Ptr, stats: Ptr) => void;
  int8ColumnsConverterF32: (src: Ptr, rows: number, cols: number, scales: Ptr, dst: Ptr, stats: Ptr) => void;
  /** As int8RowsF32 for -8 to 7, two a byte, the earlier one low; needs room for rows x cols bytes, of which half are the result. */
  int4RowsF32: (src: Ptr, rows: number, cols: number, scales: Ptr, dst: Ptr, stats: Ptr) => void;
  /** Moves each row's scale (f32) to one that leaves no more squared error, for codes from `low` to `high`. */
  fitScalesF32: (src: Ptr, rows: number, cols: number, low: number, high: number, scales: Ptr) => void;
  int8RowsBf16: (src: Ptr, rows: number, cols: number, scales: Ptr, low: number, dst: Ptr, stats: Ptr) => void;
  int8RowsBf16Exact: (src: Ptr, rows: number, cols: number, scales: Ptr, low: number, dst: Ptr, stats: Ptr) => void;
  int8RowsF16: (src: Ptr, rows: number, cols: number, scales: Ptr, low: number, dst: Ptr, stats: Ptr) => void;
  int8RowsF16Exact: (src: Ptr, rows: number, cols: number, scales: Ptr, low: number, dst: Ptr, stats: Ptr) => void;

  /** Raises the bits of the largest positive number at `dst`, and those of the largest negative one behind (u32 each). */
  extremesF32: (src: Ptr, count: number, dst: Ptr) => void;
  /** uint8 = clamp(round-half-even(w / scale) + zeroPoint, 0, 255). */
  uint8F32: (src: Ptr, count: number, scale: number, zeroPoint: number, dst: Ptr, stats: Ptr) => void;
  /** As uint8F32, with each row's own scale (f32) and zero point (a byte), or the given ones where they leave less error. */
  uint8RowsF32: (
    src: Ptr,
    rows: number,
    cols: number,
    scale: number,
    zeroPoint: number,
    dst: Ptr,
    scales: Ptr,
    points: Ptr,
    stats: Ptr,
  ) => void;

  /** The same numbers as f32; those of f16 must be finite. */
  widenF16: (src: Ptr, count: number, dst: Ptr) => void;
  widenBf16: (src: Ptr, count: number, dst: Ptr) => void;

  /** Nearest-even conversion; magnitudes above `limit` become `limit` (Infinity: let them overflow). */
  f32ToF16: (src: Ptr, count: number, limit: number, dst: Ptr, stats: Ptr) => void;
  bf16ToF16: (src: Ptr, count: number, limit: number, dst: Ptr, stats: Ptr) => void;
  f32ToBf16: (src: Ptr, count: number, limit: number, dst: Ptr, stats: Ptr) => void;
  f16ToBf16: (src: Ptr, count: number, limit: number, dst: Ptr, stats: Ptr) => void;

  /** The kernels below find the scales themselves and write them as the weights' type (or as told); see EncodeRuns. */
  int8RunsF32: EncodeInt8;
  int8RunsBf16: EncodeInt8;
  int8RunsBf16Exact: EncodeInt8;
  int8RunsF16: EncodeInt8;
  int8RunsF16Exact: EncodeInt8;
  /** e4m3 bytes; a run is a row. */
  fp8RunsF32: EncodeRuns;
  fp8RunsBf16: EncodeRuns;
  fp8RunsBf16Exact: EncodeRuns;
  fp8RunsF16: EncodeRuns;
  fp8RunsF16Exact: EncodeRuns;
  /** e4m3 bytes; `runs` rows of `length`, a scale for each block of 128 x 128 (smaller at the right and the bottom). */
  fp8BlocksF32: EncodeRuns;
  fp8BlocksBf16: EncodeRuns;
  fp8BlocksBf16Exact: EncodeRuns;
  fp8BlocksF16: EncodeRuns;
  fp8BlocksF16Exact: EncodeRuns;
  /** int4, 8 added, two a byte, the earlier one low; `length` is the group's, a multiple of 16. */
  int4GroupsF32: EncodeRuns;
  int4GroupsF32Exact: EncodeRuns;
  int4GroupsBf16: EncodeRuns;
  int4GroupsBf16Exact: EncodeRuns;
  int4GroupsF16: EncodeRuns;
  int4GroupsF16Exact: EncodeRuns;
  int4GroupsAsymmetricF32: EncodeAsymmetric;
  int4GroupsAsymmetricF32Exact: EncodeAsymmetric;
  int4GroupsAsymmetricBf16: EncodeAsymmetric;
  int4GroupsAsymmetricBf16Exact: EncodeAsymmetric;
  int4GroupsAsymmetricF16: EncodeAsymmetric;
  int4GroupsAsymmetricF16Exact: EncodeAsymmetric;
  /** From i8[rows][groups] to u32[ceil(rows / 8)][groups]: row r in word r / 8, four bits each, 8 added. */
  packZeroPoints: (src: Ptr, rows: number, groups: number, dst: Ptr) => void;
  /** e2m1, two a byte, the earlier one low; groups of 16, scales e4m3 bytes. */
  nvfp4GroupsF32: EncodeNvfp4;
  nvfp4GroupsBf16: EncodeNvfp4;
  nvfp4GroupsBf16Exact: EncodeNvfp4;
  nvfp4GroupsF16: EncodeNvfp4;
  nvfp4GroupsF16Exact: EncodeNvfp4;
  /** e2m1 as above, groups of 32, scales biased exponents (u8). */
  mxfp4GroupsF32: EncodeGroups;
  mxfp4GroupsBf16: EncodeGroups;
  mxfp4GroupsBf16Exact: EncodeGroups;
  mxfp4GroupsF16: EncodeGroups;
  mxfp4GroupsF16Exact: EncodeGroups;
  /** e4m3 bytes, groups of 32, scales biased exponents (u8). */
  mxfp8GroupsF32: EncodeGroups;
  mxfp8GroupsBf16: EncodeGroups;
  mxfp8GroupsBf16Exact: EncodeGroups;
  mxfp8GroupsF16: EncodeGroups;
  mxfp8GroupsF16Exact: EncodeGroups;

  nbits4F32: EncodeBlocks;
  nbits4F32Exact: EncodeBlocks;
  nbits4AsymmetricF32: EncodeAsymmetricBlocks;
  nbits4AsymmetricF32Exact: EncodeAsymmetricBlocks;
  nbits4ColumnsF32Exact: EncodeBlockColumns;
  nbits4AsymmetricColumnsF32Exact: EncodeAsymmetricBlockColumns;
  /** From u8[rows][groups] to four bits each, the earlier one low, rows in whole bytes; an odd last one gets 8 beside. */
  packPoints: (src: Ptr, rows: number, groups: number, dst: Ptr) => void;
  /** The same with codes as for DequantizeLinear. */
  qdq4F32Exact: EncodeBlocks;
  qdq4AsymmetricF32Exact: EncodeAsymmetricBlocks;
  /** Codes of `cols` blocks to `rows` rows of one code of each, all close together, each code XORed with `mask`. */
  turnCodes: (src: Ptr, cols: number, srcStride: number, rows: number, mask: number, dst: Ptr) => void;
  /** Rows of f32, `srcStride` bytes apart, to columns, `dstStride` bytes apart. */
  transposeF32: (src: Ptr, rows: number, cols: number, srcStride: number, dst: Ptr, dstStride: number) => void;

  /** `hist[bits without sign]++`, 32768 u32. */
  histogram16: (src: Ptr, count: number, hist: Ptr) => void;
  /** `hist[upper 16 bits without sign]++`, 32768 u32. */
  histogramF32High: (src: Ptr, count: number, hist: Ptr) => void;
  /** `hist[lower 16 bits]++` for magnitudes with these upper bits, 65536 u32. */
  histogramF32Low: (src: Ptr, count: number, high: number, hist: Ptr) => void;
  countMagnitudeF32: (src: Ptr, count: number, threshold: number) => number;
  countMagnitude16: (src: Ptr, count: number, threshold: number) => number;
  /** In place: zeroes magnitudes below `threshold` and the first `ties` that equal it; returns the ties left. */
  pruneBelowF32: (src: Ptr, count: number, threshold: number, ties: number, stats: Ptr) => number;
  pruneBelowBf16: (src: Ptr, count: number, threshold: number, ties: number, stats: Ptr) => number;
  pruneBelowF16: (src: Ptr, count: number, threshold: number, ties: number, stats: Ptr) => number;
  /** In place: of each four along a row, the two smaller magnitudes become zero. */
  prune24F32: (src: Ptr, rows: number, cols: number, stats: Ptr) => void;
  /** The same along columns: of each four rows, as long as `stride`; `rows` is a multiple of 4. */
  prune24StridedF32: (src: Ptr, rows: number, stride: number, stats: Ptr) => void;
  prune24Bf16: (src: Ptr, rows: number, cols: number, stats: Ptr) => void;
  prune24F16: (src: Ptr, rows: number, cols: number, stats: Ptr) => void;

  /** Adds to signal and zeros alone, for weights that stay as they are. */
  sumsF32: (src: Ptr, count: number, stats: Ptr) => void;
  sumsBf16: (src: Ptr, count: number, stats: Ptr) => void;
  sumsF16: (src: Ptr, count: number, stats: Ptr) => void;

  initCrc64: () => void;
  crc64: (src: Ptr, count: number, crc: bigint) => bigint;
  crc64Combine: (first: bigint, second: bigint, secondLength: bigint) => bigint;
  heapBase: () => number;
}

/** The kernels over a memory of their own. */
export interface Kernels {
  readonly run: KernelExports;
  readonly memory: WasmMemory;
  readonly arena: Arena;
  /** For bytes that come from elsewhere; taken here so that no scope gives it back. */
  readonly scratch: Region;
}

let shared: Kernels | undefined;

/** This thread's kernels, made at the first call. The memory is reserved, and costs only what is touched of it. */
export function kernels(): Kernels {
  shared ??= create();
  return shared;
}

function create(): Kernels {
  const { run, memory } = instantiate(MEMORY_BYTES);
  run.initCrc64();
  const arena = new Arena(memory, run.heapBase());
  return { run, memory, arena, scratch: arena.alloc(SCRATCH_BYTES) };
}

/** Kernels for arithmetic on numbers alone: this thread's, or else some over no more memory than their constants need. */
export function bareKernels(): KernelExports {
  bare ??= shared?.run ?? instantiate(LEAST_MEMORY_BYTES).run;
  return bare;
}

let bare: KernelExports | undefined;

function instantiate(memoryBytes: number): { run: KernelExports; memory: WasmMemory } {
  const pages = memoryBytes / PAGE_BYTES;
  const memory = new WasmApi.Memory({ initial: pages, maximum: pages });
  const module = new WasmApi.Module(Buffer.from(KERNELS_WASM, 'base64'));
  const instance = new WasmApi.Instance(module, {
    env: {
      memory,
      abort: () => {
        throw new Error('a kernel gave up');
      },
    },
  });
  return { run: instance.exports as unknown as KernelExports, memory };
}
