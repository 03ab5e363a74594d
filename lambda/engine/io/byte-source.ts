import { Region } from '../kernels';

/** Bytes at rest that can be read by range: a file, an S3 object, a buffer. */
export interface ByteSource {
  /** Where the bytes are, for messages: a path or an `s3://` address. */
  readonly name: string;
  /** Length in bytes, fixed for the life of the source. */
  readonly size: number;
  /**
   * Whether a read is done when the call returns: nothing is gained by reading ahead.
   *
   * @default false
   */
  readonly immediate?: boolean;
  /**
   * Fills `target` with the bytes from `offset` on. `target` may be a view of WASM memory. A source that has them
   * when the call returns may answer nothing, because a promise costs a noticeable share of the work on a chunk.
   *
   * @throws InvalidModelError when the range does not lie inside the source or the source turns out shorter.
   */
  read(offset: number, target: Uint8Array): Promise<void> | void;
  /**
   * Where `length` bytes from `offset` on lie in kernel memory already, so that they need not be read; undefined when they
   * do not. Whoever works on them may change them. They stay there until the next read.
   *
   * @default nothing does
   */
  resident?(offset: number, length: number): Region | undefined;
}
