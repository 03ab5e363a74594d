import { Arena, Region } from './arena';
import { KERNELS_WASM } from './kernels.wasm';
import { WasmApi, WasmMemory } from './webassembly';

/** Enough for the chunks, scales and histograms of one worker, double buffered; never grown, so views stay valid. */
const MEMORY_BYTES = 128 * 1024 * 1024;
const PAGE_BYTES = 65536;

/** Small enough to stay in the processor's cache. */
const SCRATCH_BYTES = 64 * 1024;

type Ptr = number;

/**
 * What the module exports. Sources and targets are addresses in its memory; rows are contiguous. `stats` points to three
 * f64 (sum of squares, sum of squared errors, zeros) that a kernel adds to. `scales` are f32.
 */
export interface KernelExports {
  /** Raises `dst[row]`, the bits of the row's largest magnitude (u32; for 16-bit elements, their 15 bits). */
  absmaxRowsF32(src: Ptr, rows: number, cols: number, dst: Ptr): void;
  absmaxRows16(src: Ptr, rows: number, cols: number, dst: Ptr): void;
  absmaxColumnsF32(src: Ptr, rows: number, cols: number, dst: Ptr): void;

  /** int8 = round-half-even(clamp(w / scale, low, 127)); `Exact` rounds the quotient to the element type first. */
  int8RowsF32(src: Ptr, rows: number, cols: number, scales: Ptr, low: number, dst: Ptr, stats: Ptr): void;
  int8ColumnsF32(src: Ptr, rows: number, cols: number, scales: Ptr, low: number, dst: Ptr, stats: Ptr): void;
  int8RowsBf16(src: Ptr, rows: number, cols: number, scales: Ptr, low: number, dst: Ptr, stats: Ptr): void;
  int8RowsBf16Exact(src: Ptr, rows: number, cols: number, scales: Ptr, low: number, dst: Ptr, stats: Ptr): void;
  int8RowsF16(src: Ptr, rows: number, cols: number, scales: Ptr, low: number, dst: Ptr, stats: Ptr): void;
  int8RowsF16Exact(src: Ptr, rows: number, cols: number, scales: Ptr, low: number, dst: Ptr, stats: Ptr): void;

  /** Nearest-even conversion; magnitudes above `limit` become `limit` (Infinity: let them overflow). */
  f32ToF16(src: Ptr, count: number, limit: number, dst: Ptr, stats: Ptr): void;
  bf16ToF16(src: Ptr, count: number, limit: number, dst: Ptr, stats: Ptr): void;
  f32ToBf16(src: Ptr, count: number, limit: number, dst: Ptr, stats: Ptr): void;
  f16ToBf16(src: Ptr, count: number, limit: number, dst: Ptr, stats: Ptr): void;

  /** `hist[bits without sign]++`, 32768 u32. */
  histogram16(src: Ptr, count: number, hist: Ptr): void;
  /** `hist[upper 16 bits without sign]++`, 32768 u32. */
  histogramF32High(src: Ptr, count: number, hist: Ptr): void;
  /** `hist[lower 16 bits]++` for magnitudes with these upper bits, 65536 u32. */
  histogramF32Low(src: Ptr, count: number, high: number, hist: Ptr): void;
  countMagnitudeF32(src: Ptr, count: number, threshold: number): number;
  countMagnitude16(src: Ptr, count: number, threshold: number): number;
  /** In place: zeroes magnitudes below `threshold` and the first `ties` that equal it; returns the ties left. */
  pruneBelowF32(src: Ptr, count: number, threshold: number, ties: number, stats: Ptr): number;
  pruneBelowBf16(src: Ptr, count: number, threshold: number, ties: number, stats: Ptr): number;
  pruneBelowF16(src: Ptr, count: number, threshold: number, ties: number, stats: Ptr): number;
  /** In place: of each four along a row, the two smaller magnitudes become zero. */
  prune24F32(src: Ptr, rows: number, cols: number, stats: Ptr): void;
  prune24Bf16(src: Ptr, rows: number, cols: number, stats: Ptr): void;
  prune24F16(src: Ptr, rows: number, cols: number, stats: Ptr): void;

  initCrc64(): void;
  crc64(src: Ptr, count: number, crc: bigint): bigint;
  heapBase(): number;
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
  const memory = new WasmApi.Memory({ initial: MEMORY_BYTES / PAGE_BYTES, maximum: MEMORY_BYTES / PAGE_BYTES });
  const module = new WasmApi.Module(Buffer.from(KERNELS_WASM, 'base64'));
  const instance = new WasmApi.Instance(module, {
    env: {
      memory,
      abort: () => {
        throw new Error('a kernel gave up');
      },
    },
  });
  const run = instance.exports as unknown as KernelExports;
  run.initCrc64();
  const arena = new Arena(memory, run.heapBase());
  return { run, memory, arena, scratch: arena.alloc(SCRATCH_BYTES) };
}
