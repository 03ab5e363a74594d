import {
  AbortMultipartUploadCommand,
  ChecksumAlgorithm,
  ChecksumType,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  paginateListParts,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { ConflictError, InvalidModelError } from '../errors';
import { ByteSource } from './byte-source';
import { S3Location } from './location';
import { ObjectStore, PartDigest, PartPlace, StoredObject, UploadedPart } from './object-store';
import { isAnswer } from './s3-answer';
import { S3Source } from './s3-source';

/** An S3 prefix as an object store. */
export class S3Store implements ObjectStore {
  readonly root: string;

  constructor(
    private readonly client: S3Client,
    private readonly location: S3Location,
  ) {
    this.root = `s3://${location.bucket}/${location.prefix}`;
  }

  async list(prefix = ''): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    const pages = paginateListObjectsV2(
      { client: this.client },
      { Bucket: this.location.bucket, Prefix: this.location.prefix + prefix },
    );
    for await (const page of pages) {
      for (const object of page.Contents ?? []) {
        const key = object.Key!.slice(this.location.prefix.length);
        if (key === '' || (key.endsWith('/') && object.Size === 0)) continue;
        found.push({ key, size: object.Size ?? 0, etag: object.ETag ?? '' });
      }
    }
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async open(key: string, expected?: StoredObject): Promise<ByteSource> {
    if (expected !== undefined) return new S3Source(this.client, this.place(key), expected.size, expected.etag);
    const head = await this.client.send(new HeadObjectCommand(this.place(key)));
    return new S3Source(this.client, this.place(key), head.ContentLength ?? 0, head.ETag);
  }

  async get(key: string, maxBytes: number): Promise<Uint8Array | undefined> {
    try {
      const response = await this.client.send(new GetObjectCommand(this.place(key)));
      if ((response.ContentLength ?? 0) > maxBytes) {
        (response.Body as { destroy?: () => void } | undefined)?.destroy?.();
        throw new InvalidModelError(
          this.root + key,
          `is ${response.ContentLength} bytes long, more than the ${maxBytes} allowed here`,
        );
      }
      return await response.Body!.transformToByteArray();
    } catch (error) {
      if (isAnswer(error, 404)) return undefined;
      throw error;
    }
  }

  async put(key: string, body: Uint8Array, options: { onlyIfAbsent?: boolean } = {}): Promise<boolean> {
    try {
      await this.client.send(
        new PutObjectCommand({
          ...this.place(key),
          Body: body,
          ...(options.onlyIfAbsent === true ? { IfNoneMatch: '*' } : {}),
        }),
      );
      return true;
    } catch (error) {
      if (isAnswer(error, 412)) return false;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand(this.place(key)));
  }

  async createUpload(key: string): Promise<string> {
    const { UploadId } = await this.client.send(
      new CreateMultipartUploadCommand({
        ...this.place(key),
        ChecksumAlgorithm: ChecksumAlgorithm.CRC64NVME,
        ChecksumType: ChecksumType.FULL_OBJECT,
      }),
    );
    return UploadId!;
  }

  async uploadPart(place: PartPlace, body: Uint8Array, digest: PartDigest): Promise<UploadedPart> {
    const { ETag } = await this.client.send(
      new UploadPartCommand({
        ...this.place(place.key),
        UploadId: place.uploadId,
        PartNumber: place.number,
        Body: body,
        ContentLength: body.length,
        ChecksumCRC64NVME: base64(digest.crc64nvme),
      }),
    );
    return { ...digest, number: place.number, etag: ETag ?? '' };
  }

  async completeUpload(key: string, uploadId: string, parts: UploadedPart[], crc64nvme: string): Promise<void> {
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    try {
      const etags = await this.currentEtags(key, uploadId);
      await this.client.send(
        new CompleteMultipartUploadCommand({
          ...this.place(key),
          UploadId: uploadId,
          IfNoneMatch: '*',
          ChecksumType: ChecksumType.FULL_OBJECT,
          ChecksumCRC64NVME: base64(crc64nvme),
          MpuObjectSize: size,
          MultipartUpload: {
            Parts: parts.map((part) => ({
              PartNumber: part.number,
              ETag: etags.get(part.number) ?? part.etag,
              ChecksumCRC64NVME: base64(part.crc64nvme),
            })),
          },
        }),
      );
    } catch (error) {
      // The upload is gone (404) or the object is there (412): either an earlier try got through, or it is another's.
      if (!isAnswer(error, 412) && !isAnswer(error, 404)) throw error;
      if (await this.isThere(key, size, crc64nvme)) return;
      if (isAnswer(error, 404)) throw error;
      throw new ConflictError(`${this.root}${key} exists already with other content; artifacts are written once`);
    }
  }

  /**
   * What S3 holds now: a worker that ran twice uploaded its parts twice, and under KMS the second try has other entity
   * tags for the same bytes. The checksums that go along with the completion prove the content.
   */
  private async currentEtags(key: string, uploadId: string): Promise<Map<number, string>> {
    const etags = new Map<number, string>();
    for await (const page of paginateListParts({ client: this.client }, { ...this.place(key), UploadId: uploadId })) {
      for (const part of page.Parts ?? []) etags.set(part.PartNumber!, part.ETag!);
    }
    return etags;
  }

  private async isThere(key: string, size: number, crc64nvme: string): Promise<boolean> {
    try {
      const head = await this.client.send(new HeadObjectCommand({ ...this.place(key), ChecksumMode: 'ENABLED' }));
      if (head.ContentLength !== size) return false;
      return head.ChecksumType !== ChecksumType.FULL_OBJECT || head.ChecksumCRC64NVME === base64(crc64nvme);
    } catch (error) {
      if (isAnswer(error, 404)) return false;
      throw error;
    }
  }

  async abortUpload(key: string, uploadId: string): Promise<void> {
    try {
      await this.client.send(new AbortMultipartUploadCommand({ ...this.place(key), UploadId: uploadId }));
    } catch (error) {
      if (!isAnswer(error, 404)) throw error;
    }
  }

  /** The client is its owner's to close. */
  async close(): Promise<void> {}

  private place(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.location.bucket, Key: this.location.prefix + key };
  }
}

function base64(hexadecimal: string): string {
  return Buffer.from(hexadecimal, 'hex').toString('base64');
}
