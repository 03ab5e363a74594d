import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { HeadBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { context } from '../../../cdk.json';
import { ModelBucket } from '../../../lib';
import { ACCOUNT, REGION } from '../../../local/aws/local-aws';
import { runCdk } from '../../../local/deploy/cdk';
import { choosePorts, Services, startServices } from '../../../local/loop/services';
import { ensurePython } from '../../../local/python/ensure-python';

const ROOT = resolve(__dirname, '../../..');
const stateDir = mkdtempSync(join(tmpdir(), 'modelpress-bucket-'));
const empty = join(stateDir, 'empty');
let services: Services;
let s3: S3Client;

beforeAll(async () => {
  const { python } = await ensurePython();
  mkdirSync(empty);
  services = await startServices({ stateDir, python, report: () => undefined, ...(await choosePorts()) });
  s3 = new S3Client({
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    endpoint: services.awsUrl,
    forcePathStyle: true,
  });
}, 600_000);

afterAll(async () => {
  await services.close();
  rmSync(stateDir, { recursive: true, force: true });
});

const cdk = (args: string[]) => runCdk({ root: ROOT, stateDir, awsUrl: services.awsUrl }, args, 120_000, empty);

test('a bucket that is to go with its stack does, with every version in it', async () => {
  const app = new App({ context, outdir: join(stateDir, 'assembly') });
  const stack = new Stack(app, 'Bucket');
  const models = new ModelBucket(stack, 'Models', { removalPolicy: RemovalPolicy.DESTROY, autoDeleteObjects: true });
  new CfnOutput(stack, 'Name', { value: models.bucket.bucketName });
  const { directory } = app.synth();
  await cdk(['bootstrap', `aws://${ACCOUNT}/${REGION}`]);
  const outputs = join(stateDir, 'outputs.json');
  const options = ['--method', 'direct', '--require-approval', 'never', '--outputs-file', outputs];
  await cdk(['deploy', '--app', directory, '--all', ...options]);
  const Bucket = (JSON.parse(readFileSync(outputs, 'utf8')) as { Bucket: { Name: string } }).Bucket.Name;
  for (const Body of ['one', 'two']) await s3.send(new PutObjectCommand({ Bucket, Key: 'raw/digits/model', Body }));

  await cdk(['destroy', '--app', directory, '--all', '--force']);
  await expect(s3.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'NotFound' });
}, 240_000);
