import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { safetensorsFile } from '../lambda/engine/formats/safetensors/fixtures';
import { startTestAws, TestAws } from '../support/local-aws';

const ROOT = resolve(__dirname, '../..');
const MIXTRAL = join(ROOT, 'test/golden/safetensors/mixtral');

describe('modelpress compress from and to S3', () => {
  let aws: TestAws;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'modelpress-cli-s3-'));
    aws = await startTestAws();
    await aws.s3.send(new CreateBucketCommand({ Bucket: 'models' }));
    for (const name of readdirSync(MIXTRAL)) await put(`raw/mixtral/${name}`, readFileSync(join(MIXTRAL, name)));
  });
  afterAll(async () => {
    await aws.close();
    rmSync(folder, { recursive: true });
  });

  const put = (key: string, body: Uint8Array) =>
    aws.s3.send(new PutObjectCommand({ Bucket: 'models', Key: key, Body: body }));
  const keys = async (prefix: string) =>
    ((await aws.s3.send(new ListObjectsV2Command({ Bucket: 'models', Prefix: prefix }))).Contents ?? []).map(
      ({ Key }) => Key!.slice(prefix.length),
    );

  async function run(...argv: string[]): Promise<{ code: number | null; stderr: string }> {
    const { accessKeyId, secretAccessKey } = aws.config.credentials;
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', 'bin/modelpress.ts', ...argv], {
      cwd: ROOT,
      env: {
        ...process.env,
        AWS_ENDPOINT_URL: aws.url,
        AWS_REGION: aws.config.region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stderr };
  }

  test('makes the bytes that it makes between folders', async () => {
    expect(
      await run('compress', 's3://models/raw/mixtral', 's3://models/compressed/a/', '--recipe', 'nvfp4a16'),
    ).toMatchObject({ code: 0 });
    expect(await run('compress', MIXTRAL, join(folder, 'a'), '--recipe', 'nvfp4a16')).toMatchObject({ code: 0 });
    const names = readdirSync(join(folder, 'a')).sort();
    expect((await keys('compressed/a/')).sort()).toEqual(names);
    for (const name of names.filter((file) => file !== 'manifest.json')) {
      const object = await aws.s3.send(new GetObjectCommand({ Bucket: 'models', Key: `compressed/a/${name}` }));
      const body = Buffer.from(await object.Body!.transformToByteArray());
      expect([name, body.equals(readFileSync(join(folder, 'a', name)))]).toEqual([name, true]);
    }
    expect(await run('compress', MIXTRAL, 's3://models/compressed/a/', '--recipe', 'fp8')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/holds files already/) as string,
    });
  });

  test('a build that fails leaves neither objects nor uploads', async () => {
    const data = Buffer.alloc(64 * 64 * 2, 0xff);
    await put(
      'raw/nan/model.safetensors',
      safetensorsFile([{ name: 'model.a.weight', dtype: 'BF16', shape: [64, 64], data }]),
    );
    const { code, stderr } = await run(
      'compress',
      's3://models/raw/nan/model.safetensors',
      's3://models/compressed/nan/',
      '--recipe',
      'fp8',
    );
    expect([code, stderr]).toEqual([1, expect.stringMatching(/model\.safetensors: model\.a holds NaN/)]);
    expect(await keys('compressed/nan/')).toEqual([]);
    expect((await aws.s3.send(new ListMultipartUploadsCommand({ Bucket: 'models' }))).Uploads ?? []).toEqual([]);
  });
});
