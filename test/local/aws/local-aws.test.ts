import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalAws, startLocalAws } from '../../../local/aws/local-aws';
import { PortInUseError } from '../../../local/ports';
import { askAs, foreignHosts, ownHosts } from '../../support/ask-as';
import { testPython } from '../../support/python';

describe('startLocalAws', () => {
  let python: string;
  let stateDir: string;
  beforeAll(async () => {
    python = testPython();
  });
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'modelpress-state-'));
  });
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

  const client = (aws: Pick<LocalAws, 'url'>): S3Client =>
    new S3Client({
      endpoint: aws.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      forcePathStyle: true,
    });

  test('keeps its state for the next start', async () => {
    const first = await startLocalAws({ python, stateDir });
    try {
      await client(first).send(new CreateBucketCommand({ Bucket: 'kept' }));
      await client(first).send(new PutObjectCommand({ Bucket: 'kept', Key: 'a', Body: 'still here' }));
    } finally {
      await first.close();
    }
    const second = await startLocalAws({ python, stateDir });
    try {
      const { Body } = await client(second).send(new GetObjectCommand({ Bucket: 'kept', Key: 'a' }));
      expect(await Body?.transformToString()).toBe('still here');
    } finally {
      await second.close();
    }
  });

  test('forgets the half of a state that a killed server left', async () => {
    const first = await startLocalAws({ python, stateDir });
    await client(first).send(new CreateBucketCommand({ Bucket: 'half' }));
    await client(first).send(new PutObjectCommand({ Bucket: 'half', Key: 'a', Body: 'on disk at once' }));
    expect(existsSync(join(stateDir, 's3'))).toBe(true);
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const second = await startLocalAws({ python, stateDir });
    try {
      const { Buckets } = await client(second).send(new ListBucketsCommand({}));
      expect(Buckets ?? []).toEqual([]);
    } finally {
      await second.close();
    }
  });

  test('says so when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    try {
      await expect(startLocalAws({ python, stateDir, port })).rejects.toThrow(PortInUseError);
      await expect(startLocalAws({ python, stateDir, port })).rejects.toThrow(`port ${port} is in use`);
    } finally {
      other.close();
    }
  });

  test('refuses requests that were meant for another host', async () => {
    const aws = await startLocalAws({ python, stateDir });
    try {
      const { port } = new URL(aws.url);
      const health = `${aws.url}/_ministack/health`;
      for (const host of ownHosts(port)) expect(await askAs(health, host)).toMatchObject({ status: 200 });
      for (const host of foreignHosts(port)) {
        expect(await askAs(health, host)).toEqual({
          status: 403,
          body: expect.stringContaining(`to localhost and to addresses only, received the host ${host}`) as string,
        });
      }
    } finally {
      await aws.close();
    }
  });

  test('shows the log when the server does not start', async () => {
    await expect(startLocalAws({ python: process.execPath, stateDir })).rejects.toThrow(/did not start.*SyntaxError/s);
  });

  test('ends in order when the process that started it is killed, and the next start waits for that', async () => {
    const script = `require('tsx/cjs');
      const { startLocalAws } = require('./local/aws/local-aws.ts');
      startLocalAws(${JSON.stringify({ python, stateDir })}).then((aws) => console.log(aws.url));
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const url = line.toString().trim();
    await client({ url }).send(new CreateBucketCommand({ Bucket: 'orphaned' }));
    parent.kill('SIGKILL');
    const second = await startLocalAws({ python, stateDir });
    try {
      await expect(fetch(`${url}/_ministack/health`)).rejects.toThrow();
      const { Buckets } = await client(second).send(new ListBucketsCommand({}));
      expect(Buckets?.map(({ Name }) => Name)).toEqual(['orphaned']);
    } finally {
      await second.close();
    }
  });
});
