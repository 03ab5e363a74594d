/** The part of WebAssembly's interface that we use; @types/node leaves it to browsers' type libraries. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

interface WebAssemblyApi {
  Memory: new (descriptor: { initial: number; maximum: number }) => WasmMemory;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: Record<string, Record<string, unknown>>) => { readonly exports: object };
}

export const WasmApi = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
