import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writevSync,
} from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { ConflictError, InvalidModelError } from '../errors';
import { ByteSource } from './byte-source';
import { FileSource } from './file-source';
import { PartDigest, PartPlace, RandomAccessStore, StoredObject, UploadedPart } from './object-store';

/** Uploads in progress lie here, beside what they will become, so that completing one is a rename. */
const UPLOADS = '.modelpress-uploads';

/** A folder of this machine as an object store. */
export class FolderStore implements RandomAccessStore {
  readonly root: string;
  private readonly sources = new Map<string, Promise<FileSource>>();
  /** Descriptors of uploads that are being written. */
  private readonly uploads = new Map<string, number>();

  constructor(folder: string) {
    this.root = resolve(folder);
  }

  async list(prefix = ''): Promise<StoredObject[]> {
    const entries = await readdir(this.root, { recursive: true, withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      },
    );
    const found: StoredObject[] = [];
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      const key = path
        .slice(this.root.length + 1)
        .split(sep)
        .join('/');
      if (!key.startsWith(prefix) || key.split('/')[0] === UPLOADS) continue;
      const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
        if (!entry.isSymbolicLink()) throw error;
        throw new InvalidModelError(
          path,
          `is a link that leads nowhere (${error.code}); remove it or put its file there`,
        );
      });
      if (stats.isFile()) found.push({ key, size: stats.size, etag: `${stats.mtimeMs}-${stats.size}` });
    }
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async open(key: string, expected?: StoredObject): Promise<ByteSource> {
    const path = this.path(key);
    if (expected !== undefined) {
      const stats = statSync(path);
      if (`${stats.mtimeMs}-${stats.size}` !== expected.etag) {
        throw new InvalidModelError(path, 'changed after the build was planned; start the build again');
      }
    }
    let source = this.sources.get(key);
    if (source === undefined) {
      source = FileSource.open(path);
      this.sources.set(key, source);
    }
    return source;
  }

  async get(key: string, maxBytes: number): Promise<Uint8Array | undefined> {
    const path = this.path(key);
    try {
      const { size } = statSync(path);
      if (size > maxBytes)
        throw new InvalidModelError(path, `is ${size} bytes long, more than the ${maxBytes} allowed here`);
      return readFileSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Blocks: workers put a small result after every item, and a file made by another thread takes ten times as long. */
  async put(key: string, body: Uint8Array, options: { onlyIfAbsent?: boolean } = {}): Promise<boolean> {
    const path = this.path(key);
    const temporary = join(this.root, UPLOADS, randomBytes(8).toString('hex'));
    if (!existsSync(dirname(temporary))) mkdirSync(dirname(temporary), { recursive: true });
    if (!existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true });
    try {
      writeFileSync(temporary, body);
      return publish(temporary, path, options.onlyIfAbsent === true);
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  async delete(key: string): Promise<void> {
    await rm(this.path(key), { force: true });
  }

  async createUpload(key: string, size: number): Promise<string> {
    const uploadId = randomBytes(8).toString('hex');
    const path = this.uploadPath(uploadId);
    mkdirSync(dirname(path), { recursive: true });
    mkdirSync(dirname(this.path(key)), { recursive: true });
    const fd = openSync(path, 'w');
    try {
      ftruncateSync(fd, size);
    } finally {
      closeSync(fd);
    }
    return uploadId;
  }

  async uploadPart(place: PartPlace, body: Uint8Array, digest: PartDigest): Promise<UploadedPart> {
    this.writeAt(place.uploadId, place.offset, [body]);
    return { ...digest, number: place.number, etag: '' };
  }

  /** Writes into an upload at any place: a file needs no part to be whole before it is written. Blocks as reads do. */
  writeAt(uploadId: string, offset: number, runs: readonly Uint8Array[]): void {
    let fd = this.uploads.get(uploadId);
    if (fd === undefined) {
      fd = openSync(this.uploadPath(uploadId), constants.O_WRONLY);
      this.uploads.set(uploadId, fd);
    }
    for (let left = runs.filter((run) => run.length > 0); left.length > 0;) {
      const written = writevSync(fd, left, offset);
      offset += written;
      left = withoutFirst(left, written);
    }
  }

  async completeUpload(key: string, uploadId: string): Promise<void> {
    this.closeUpload(uploadId);
    const from = this.uploadPath(uploadId);
    try {
      if (!publish(from, this.path(key), true)) {
        throw new ConflictError(`${this.path(key)} exists already; choose another destination or remove it`);
      }
      await rm(from, { force: true });
    } catch (error) {
      const done =
        (error as NodeJS.ErrnoException).code === 'ENOENT' && (await stat(this.path(key)).catch(() => undefined));
      if (!done) throw error;
    }
  }

  async abortUpload(_key: string, uploadId: string): Promise<void> {
    this.closeUpload(uploadId);
    await rm(this.uploadPath(uploadId), { force: true });
  }

  /** Removes the uploads' folder, too, if it is empty. */
  async close(): Promise<void> {
    for (const source of this.sources.values()) await (await source.catch(() => undefined))?.close();
    for (const id of [...this.uploads.keys()]) this.closeUpload(id);
    this.sources.clear();
    const uploads = join(this.root, UPLOADS);
    if ((await readdir(uploads).catch(() => ['absent'])).length === 0) await rm(uploads, { recursive: true });
  }

  private closeUpload(uploadId: string): void {
    const fd = this.uploads.get(uploadId);
    this.uploads.delete(uploadId);
    if (fd !== undefined) closeSync(fd);
  }

  private uploadPath(uploadId: string): string {
    return join(this.root, UPLOADS, uploadId);
  }

  private path(key: string): string {
    const path = resolve(this.root, key);
    if (!path.startsWith(this.root + sep)) throw new InvalidModelError(key, `leads outside ${this.root}`);
    return path;
  }
}

function publish(from: string, to: string, onlyIfAbsent: boolean): boolean {
  if (!onlyIfAbsent) {
    renameSync(from, to);
    return true;
  }
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** What is left of runs of bytes without the first `count` bytes. */
function withoutFirst(runs: readonly Uint8Array[], count: number): Uint8Array[] {
  return runs.flatMap((run) => {
    const taken = Math.min(count, run.length);
    count -= taken;
    return taken === run.length ? [] : [run.subarray(taken)];
  });
}
