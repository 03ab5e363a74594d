import { createHash } from 'node:crypto';
import type * as S3 from '@aws-sdk/client-s3';

interface Held {
  readonly body: Buffer;
  readonly etag: string;
  readonly modified: Date;
}

interface Upload {
  readonly place: string;
  readonly parts: Map<number, { body: Buffer; etag: string }>;
}

/** As much of S3 as the functions use, in memory: conditional writes, ranges, listings, uploads in parts. */
export class S3Model {
  readonly objects = new Map<string, Held>();
  readonly uploads = new Map<string, Upload>();
  private count = 0;

  /** @param time of what happens now, in milliseconds since 1970; another each time */
  constructor(private readonly time: () => number) {}

  copy(other: S3Model): void {
    for (const [place, held] of other.objects) this.objects.set(place, held);
    for (const [id, { place, parts }] of other.uploads) this.uploads.set(id, { place, parts: new Map(parts) });
    this.count = other.count;
  }

  put(place: string, body: string | Uint8Array): string {
    const bytes = Buffer.from(body);
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    this.objects.set(place, { body: bytes, etag, modified: new Date(this.time()) });
    return etag;
  }

  /** Keys below a prefix of `bucket/`. */
  keys(prefix: string): string[] {
    return [...this.objects.keys()].filter((place) => place.startsWith(prefix)).sort();
  }

  text(place: string): string | undefined {
    return this.objects.get(place)?.body.toString();
  }

  send(name: string, input: object): object {
    const operation = this.operations[name];
    if (operation === undefined) throw new Error(`the model of S3 has no ${name}`);
    return operation(input as never);
  }

  private readonly operations: Readonly<Record<string, (input: never) => object>> = {
    GetObject: (input: S3.GetObjectCommandInput) => {
      const { body, etag } = this.find(input);
      if (input.IfMatch !== undefined && input.IfMatch !== etag) throw answer(412, 'PreconditionFailed');
      const [from, to] = /(\d+)-(\d+)/
        .exec(input.Range ?? '')
        ?.slice(1)
        .map(Number) ?? [0, body.length - 1];
      const bytes = body.subarray(from, to + 1);
      const Body = {
        transformToByteArray: () => Promise.resolve(new Uint8Array(bytes)),
        transformToString: () => Promise.resolve(bytes.toString()),
        async *[Symbol.asyncIterator]() {
          yield await Promise.resolve(bytes);
        },
      };
      return { Body, ContentLength: bytes.length, ETag: etag };
    },
    HeadObject: (input: S3.HeadObjectCommandInput) => {
      const { body, etag } = this.find(input);
      return { ContentLength: body.length, ETag: etag };
    },
    PutObject: (input: S3.PutObjectCommandInput) => {
      this.check(input);
      return { ETag: this.put(placeOf(input), input.Body as Uint8Array) };
    },
    DeleteObject: (input: S3.DeleteObjectCommandInput) => {
      this.objects.delete(placeOf(input));
      return {};
    },
    ListObjectsV2: ({ Bucket, Prefix = '' }: S3.ListObjectsV2CommandInput) => ({
      Contents: this.keys(`${Bucket}/${Prefix}`).map((place) => {
        const { body, etag, modified } = this.objects.get(place)!;
        return { Key: place.slice(Bucket!.length + 1), Size: body.length, ETag: etag, LastModified: modified };
      }),
    }),
    CreateMultipartUpload: (input: S3.CreateMultipartUploadCommandInput) => {
      const UploadId = `upload-${++this.count}`;
      this.uploads.set(UploadId, { place: placeOf(input), parts: new Map() });
      return { UploadId };
    },
    ListMultipartUploads: ({ Bucket, Prefix = '' }: S3.ListMultipartUploadsCommandInput) => ({
      Uploads: [...this.uploads]
        .filter(([, { place }]) => place.startsWith(`${Bucket}/${Prefix}`))
        .map(([UploadId, { place }]) => ({ UploadId, Key: place.slice(Bucket!.length + 1) })),
    }),
    UploadPart: (input: S3.UploadPartCommandInput) => {
      const etag = `"part-${++this.count}"`;
      this.upload(input).parts.set(input.PartNumber!, { body: Buffer.from(input.Body as Uint8Array), etag });
      return { ETag: etag };
    },
    ListParts: (input: S3.ListPartsCommandInput) => ({
      Parts: [...this.upload(input).parts].map(([PartNumber, { etag }]) => ({ PartNumber, ETag: etag })),
    }),
    CompleteMultipartUpload: (input: S3.CompleteMultipartUploadCommandInput) => {
      const { place, parts } = this.upload(input);
      this.check(input);
      const bodies = input.MultipartUpload!.Parts!.map(({ PartNumber, ETag }) => {
        const part = parts.get(PartNumber!);
        if (part === undefined || part.etag !== ETag) throw answer(400, 'InvalidPart');
        return part.body;
      });
      this.uploads.delete(input.UploadId!);
      return { ETag: this.put(place, Buffer.concat(bodies)) };
    },
    AbortMultipartUpload: (input: S3.AbortMultipartUploadCommandInput) => {
      this.upload(input);
      this.uploads.delete(input.UploadId!);
      return {};
    },
  };

  private find(input: Place): Held {
    const held = this.objects.get(placeOf(input));
    if (held === undefined) throw answer(404, 'NoSuchKey');
    return held;
  }

  private upload({ UploadId }: { UploadId?: string }): Upload {
    const upload = this.uploads.get(UploadId!);
    if (upload === undefined) throw answer(404, 'NoSuchUpload');
    return upload;
  }

  private check(input: Place & { IfMatch?: string; IfNoneMatch?: string }): void {
    const held = this.objects.get(placeOf(input));
    if (input.IfNoneMatch !== undefined && held !== undefined) throw answer(412, 'PreconditionFailed');
    if (input.IfMatch !== undefined && held === undefined) throw answer(404, 'NoSuchKey');
    if (input.IfMatch !== undefined && held!.etag !== input.IfMatch) throw answer(412, 'PreconditionFailed');
  }
}

interface Place {
  readonly Bucket?: string;
  readonly Key?: string;
}

function placeOf({ Bucket, Key }: Place): string {
  return `${Bucket}/${Key}`;
}

function answer(httpStatusCode: number, name: string): Error {
  return Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
}
