import { ByteSource } from './byte-source';

/** One object below a store's root. */
export interface StoredObject {
  /** Path relative to the store's root, with `/` between its parts. */
  readonly key: string;
  /** Length in bytes. */
  readonly size: number;
  /** Changes whenever the content does. */
  readonly etag: string;
}

/** Digests of a run of bytes, taken while it was written. */
export interface PartDigest {
  /** Length in bytes. */
  readonly size: number;
  /** SHA-256, hexadecimal. */
  readonly sha256: string;
  /** CRC-64/NVME, 16 hexadecimal digits. */
  readonly crc64nvme: string;
}

/** What a finished part of an upload is known by. */
export interface UploadedPart extends PartDigest {
  /** Number of the part, from 1. */
  readonly number: number;
  /** Entity tag that the store gave the part; empty where the store has none. */
  readonly etag: string;
}

/** A place in an upload that one part goes to. */
export interface PartPlace {
  readonly key: string;
  readonly uploadId: string;
  /** Number of the part, from 1. */
  readonly number: number;
  /** Where the part starts in the finished object, in bytes. */
  readonly offset: number;
  /** Length of the part in bytes. */
  readonly size: number;
}

/** A folder or an `s3://` prefix: the same verbs over both, so that the engine knows neither. */
export interface ObjectStore {
  /** Address of the root, for messages: `s3://bucket/prefix/` or a folder's path. */
  readonly root: string;
  /** Every object below the root (or below `prefix`), sorted by key. */
  list(prefix?: string): Promise<StoredObject[]>;
  /** Opens an object for ranged reads. With `expected`, refuses an object that has changed since it was listed. */
  open(key: string, expected?: StoredObject): Promise<ByteSource>;
  /** Whole content of a small object; undefined when there is none. Refuses more than `maxBytes`. */
  get(key: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** Writes a small object whole. With `onlyIfAbsent`, answers false and writes nothing when one exists. */
  put(key: string, body: Uint8Array, options?: { onlyIfAbsent?: boolean }): Promise<boolean>;
  delete(key: string): Promise<void>;
  /** Starts a multipart upload of a known final size and returns its id. */
  createUpload(key: string, size: number): Promise<string>;
  /** Uploads one part; the same part may be uploaded again, the last one counts. */
  uploadPart(place: PartPlace, body: Uint8Array, digest: PartDigest): Promise<UploadedPart>;
  /** Makes the object visible, in one step. */
  completeUpload(key: string, uploadId: string, parts: UploadedPart[], crc64nvme: string): Promise<void>;
  /** Gives an upload up; an upload that is gone already is not an error. */
  abortUpload(key: string, uploadId: string): Promise<void>;
  /** Lets go of what was opened. The store can be used again. */
  close(): Promise<void>;
}

/** What a model is read from. */
export type ModelSource = Pick<ObjectStore, 'root' | 'list' | 'open' | 'close'>;

/** A store that takes bytes at any place of an upload, so that no part has to be gathered in memory first. */
export interface RandomAccessStore extends ObjectStore {
  /** Writes runs of bytes, one behind the other, from `offset` on. They are written when the call returns. */
  writeAt(uploadId: string, offset: number, runs: readonly Uint8Array[]): void;
}

export function isRandomAccess(store: ObjectStore): store is RandomAccessStore {
  return 'writeAt' in store;
}
