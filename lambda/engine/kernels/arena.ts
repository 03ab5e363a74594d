import { WasmMemory } from './webassembly';

/** A stretch of WASM memory: its address for kernels, and a view for everybody else. Both stay valid for good. */
export interface Region {
  /** Address in WASM memory. */
  readonly ptr: number;
  readonly view: Uint8Array;
}

/** Hands out WASM memory in order; a mark gives back all that was taken after it. */
export class Arena {
  private next: number;

  /** @param base first address that may be used */
  constructor(
    private readonly memory: WasmMemory,
    base: number,
  ) {
    this.next = base;
  }

  /** Takes `bytes` bytes at a multiple of 64; their content is whatever was there. */
  alloc(bytes: number): Region {
    const ptr = (this.next + 63) & ~63;
    if (ptr + bytes > this.memory.buffer.byteLength) {
      throw new RangeError(
        `kernel memory is used up: ${bytes} bytes asked for, ${this.memory.buffer.byteLength - ptr} left`,
      );
    }
    this.next = ptr + bytes;
    return { ptr, view: new Uint8Array(this.memory.buffer, ptr, bytes) };
  }

  /** Runs `work` and gives back what it took. Not for two at a time. */
  async scoped<T>(work: () => Promise<T>): Promise<T> {
    const mark = this.next;
    try {
      return await work();
    } finally {
      this.next = mark;
    }
  }
}
