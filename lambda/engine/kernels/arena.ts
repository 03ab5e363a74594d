import { AsyncLocalStorage } from 'node:async_hooks';
import { WasmMemory } from './webassembly';

/** A stretch of WASM memory: its address for kernels, and a view for everybody else. Both stay valid for good. */
export interface Region {
  /** Address in WASM memory. */
  readonly ptr: number;
  readonly view: Uint8Array;
}

/** A gap, or what was taken: from its first address up to, not including, its last. */
interface Span {
  readonly begin: number;
  readonly end: number;
}

/** Vectors and cache lines start at multiples of this. */
const ALIGNMENT = 64;

/** Hands out WASM memory; a scope gives back all that was taken inside of it. */
export class Arena {
  /** What is free, in order; no two touch. */
  private gaps: Span[];
  /** What the scope that runs has taken. Scopes may overlap in time, so the one that runs is known by its calls. */
  private readonly scopes = new AsyncLocalStorage<Span[]>();

  /** @param base first address that may be used */
  constructor(
    private readonly memory: WasmMemory,
    base: number,
  ) {
    this.gaps = [{ begin: alignUp(base), end: memory.buffer.byteLength }];
  }

  /** Takes `bytes` bytes at a multiple of 64; their content is whatever was there. Outside of a scope, for good. */
  alloc(bytes: number): Region {
    const length = alignUp(Math.max(bytes, 1));
    const at = this.gaps.findIndex(({ begin, end }) => end - begin >= length);
    if (at < 0) {
      const largest = Math.max(0, ...this.gaps.map(({ begin, end }) => end - begin));
      throw new RangeError(
        `kernel memory is used up: ${bytes} bytes asked for, ${largest} left in one piece; work on less at a time`,
      );
    }
    const { begin, end } = this.gaps[at];
    const taken = { begin, end: begin + length };
    this.gaps.splice(at, 1, ...(taken.end < end ? [{ begin: taken.end, end }] : []));
    this.scopes.getStore()?.push(taken);
    return { ptr: begin, view: new Uint8Array(this.memory.buffer, begin, bytes) };
  }

  /** Runs `work` and gives back what it took; scopes may lie in each other, and several may run at a time. */
  async scoped<T>(work: () => Promise<T>): Promise<T> {
    const taken: Span[] = [];
    try {
      return await this.scopes.run(taken, work);
    } finally {
      this.giveBack(taken);
    }
  }

  private giveBack(taken: readonly Span[]): void {
    const spans = [...this.gaps, ...taken].sort((a, b) => a.begin - b.begin);
    this.gaps = [];
    for (const span of spans) {
      const last = this.gaps.at(-1);
      if (last?.end === span.begin) this.gaps[this.gaps.length - 1] = { begin: last.begin, end: span.end };
      else this.gaps.push(span);
    }
  }
}

function alignUp(address: number): number {
  return Math.ceil(address / ALIGNMENT) * ALIGNMENT;
}
