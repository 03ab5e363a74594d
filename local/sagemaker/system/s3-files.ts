import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, paginateListObjectsV2, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { c as createArchive, t as listArchive, x as extractArchive } from 'tar';

/** What a transfer met with, told so that it can stand in a FailureReason. */
export class TransferError extends Error {}

const ARCHIVE_ENTRY_TYPES = ['File', 'OldFile', 'Directory', 'ContiguousFile'];

/** Moves files between an S3 and folders of this machine. */
export class S3Files {
  constructor(private readonly client: S3Client) {}

  /** Whether at least one object lies at or below an address. */
  async exists(uri: string): Promise<boolean> {
    return (await this.list(uri)).length > 0;
  }

  /**
   * Downloads an object, or everything below a prefix, into a folder.
   *
   * @throws TransferError when there is nothing, or a key leads outside the folder.
   */
  async download(uri: string, folder: string): Promise<void> {
    const { bucket, key: prefix } = parse(uri);
    const keys = await this.list(uri);
    if (keys.length === 0) throw new TransferError(`No S3 objects found under S3 URL "${uri}"`);
    const base = keys.includes(prefix)
      ? prefix.lastIndexOf('/') + 1
      : prefix === '' || prefix.endsWith('/')
        ? prefix.length
        : prefix.length + 1;
    for (const key of keys) {
      const path = resolve(folder, key.slice(base));
      if (!path.startsWith(resolve(folder) + sep))
        throw new TransferError(`the key ${key} of ${uri} leads outside the folder it is copied to`);
      await mkdir(dirname(path), { recursive: true });
      const response = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      await pipeline(response.Body as Readable, createWriteStream(path));
    }
  }

  /**
   * Unpacks a .tar.gz object into a folder; an entry that is no plain file or folder, or leads outside, is refused.
   *
   * @throws TransferError when there is no such object or it cannot be unpacked.
   */
  async downloadArchive(uri: string, folder: string, scratch: string): Promise<void> {
    await this.download(uri, scratch);
    const archive = join(scratch, uri.slice(uri.lastIndexOf('/') + 1));
    await mkdir(folder, { recursive: true });
    try {
      const refused: string[] = [];
      await listArchive({
        file: archive,
        strict: true,
        onReadEntry: ({ path, type }) => (isPlainEntry(path, type) ? 0 : refused.push(`${path} (${type})`)),
      });
      if (refused.length > 0) throw new Error(`its entry ${refused[0]} is no plain file inside the archive`);
      await extractArchive({ file: archive, cwd: folder, strict: true });
    } catch (error) {
      throw new TransferError(`${uri} cannot be unpacked: ${(error as Error).message}`);
    }
  }

  /** Uploads every file below a folder under an address that ends in `/`. Returns how many there were. */
  async upload(folder: string, uri: string): Promise<number> {
    const { bucket, key: prefix } = parse(uri);
    const files = await filesBelow(folder);
    for (const file of files) await this.put(join(folder, file), bucket, prefix + file.split(sep).join('/'));
    return files.length;
  }

  /** Uploads a folder as one .tar.gz object. */
  async uploadArchive(folder: string, uri: string, scratchFile: string): Promise<void> {
    const { bucket, key } = parse(uri);
    await createArchive({ file: scratchFile, cwd: folder, gzip: true, portable: true }, await readdir(folder));
    await this.put(scratchFile, bucket, key);
  }

  /** Writes a text as one object. */
  async putText(uri: string, text: string): Promise<void> {
    const { bucket, key } = parse(uri);
    await this.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text }));
  }

  /** Writes bytes as one object. */
  async putBytes(uri: string, bytes: Uint8Array, contentType?: string): Promise<void> {
    const { bucket, key } = parse(uri);
    const object = { Bucket: bucket, Key: key, Body: bytes, ContentType: contentType };
    await this.client.send(new PutObjectCommand(object));
  }

  /**
   * Reads one object.
   *
   * @throws TransferError when it is larger than `most` bytes; the service's error when it is not there.
   */
  async getBytes(uri: string, most: number): Promise<Buffer> {
    const { bucket, key } = parse(uri);
    const { Body, ContentLength = 0 } = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (ContentLength > most)
      throw new TransferError(`${uri} has ${ContentLength} bytes, and at most ${most} are allowed`);
    return Buffer.from(await Body!.transformToByteArray());
  }

  private async put(path: string, bucket: string, key: string): Promise<void> {
    const { size } = await stat(path);
    await this.client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: createReadStream(path), ContentLength: size }),
    );
  }

  /** Keys at or below an address; markers of folders are left out. */
  private async list(uri: string): Promise<string[]> {
    const { bucket, key } = parse(uri);
    const keys: string[] = [];
    for await (const found of paginateListObjectsV2({ client: this.client }, { Bucket: bucket, Prefix: key })) {
      for (const object of found.Contents ?? []) keys.push(object.Key!);
    }
    const folder = key === '' || key.endsWith('/') ? key : `${key}/`;
    return keys.filter((found) => found === key || found.startsWith(folder)).filter((found) => !found.endsWith('/'));
  }
}

/** Paths of all files below a folder, relative to it; none when the folder does not exist. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((path) => path.slice(resolve(folder).length + 1)).sort();
}

function parse(uri: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri);
  if (match === null) throw new TransferError(`"${uri}" is not an S3 address; expected s3://bucket/key`);
  return { bucket: match[1], key: match[2] };
}

function isPlainEntry(path: string, type: string): boolean {
  return !path.startsWith('/') && !path.split('/').includes('..') && ARCHIVE_ENTRY_TYPES.includes(type);
}
