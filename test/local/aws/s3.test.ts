import { randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { crc64nvme } from '../../../lambda/engine/kernels';
import { startTestAws, TestAws } from '../../support/local-aws';

const Bucket = 'conditions';

/** The facts about the local S3 that the engine's own tests rest on. */
describe('the local S3', () => {
  let aws: TestAws;
  beforeAll(async () => {
    aws = await startTestAws();
    await aws.s3.send(new CreateBucketCommand({ Bucket }));
  });
  afterAll(() => aws.close());

  const status = (work: Promise<unknown>): Promise<number> =>
    work.then(
      () => 200,
      (error: S3ServiceException) => error.$metadata.httpStatusCode ?? 0,
    );

  test('refuses to write an object twice with If-None-Match', async () => {
    const put = (body: string): Promise<number> =>
      status(aws.s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: body, IfNoneMatch: '*' })));
    expect(await put('first')).toBe(200);
    expect(await put('second')).toBe(412);
    const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket, Key: 'once' }));
    expect(await Body?.transformToString()).toBe('first');
  });

  test('lets exactly one of many racing writers win', async () => {
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        status(aws.s3.send(new PutObjectCommand({ Bucket, Key: 'race', Body: String(i), IfNoneMatch: '*' }))),
      ),
    );
    expect(results.filter((code) => code === 200)).toHaveLength(1);
    expect(results.filter((code) => code === 412)).toHaveLength(11);
  });

  test('refuses a stale If-Match', async () => {
    const { ETag } = await aws.s3.send(new PutObjectCommand({ Bucket, Key: 'changed', Body: 'a' }));
    await aws.s3.send(new PutObjectCommand({ Bucket, Key: 'changed', Body: 'b' }));
    expect(await status(aws.s3.send(new PutObjectCommand({ Bucket, Key: 'changed', Body: 'c', IfMatch: ETag })))).toBe(
      412,
    );
  });

  test('puts parts together that came out of order, and reads a range across them', async () => {
    const Key = 'parts';
    const { UploadId } = await aws.s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const size = 5 << 20;
    const bodies = [Buffer.alloc(size, 1), Buffer.alloc(7, 2)];
    const parts = new Map<number, string | undefined>();
    for (const PartNumber of [2, 1]) {
      const { ETag } = await aws.s3.send(
        new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: bodies[PartNumber - 1] }),
      );
      parts.set(PartNumber, ETag);
    }
    await aws.s3.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts: [1, 2].map((PartNumber) => ({ PartNumber, ETag: parts.get(PartNumber) })) },
      }),
    );
    const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket, Key, Range: `bytes=${size - 2}-${size + 1}` }));
    expect([...((await Body?.transformToByteArray()) ?? [])]).toEqual([1, 1, 2, 2]);
  });

  test.each([1000, (1 << 20) - 1, 1 << 20, (1 << 20) + 4095, 3_000_001])(
    'takes %i bytes by their CRC-64, and refuses them by another',
    async (size) => {
      const Body = randomBytes(size);
      const put = (crc: bigint): Promise<number> => {
        const ChecksumCRC64NVME = Buffer.from(crc.toString(16).padStart(16, '0'), 'hex').toString('base64');
        return status(aws.s3.send(new PutObjectCommand({ Bucket, Key: 'checked', Body, ChecksumCRC64NVME })));
      };
      expect(await put(crc64nvme(Body, 0n))).toBe(200);
      expect(await put(crc64nvme(Body, 1n))).toBe(400);
    },
  );
});
