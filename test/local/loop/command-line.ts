import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CopyObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseS3Uri } from '../../../local/loop/s3-location';
import { TestLoop } from './test-loop';

/** The commands for a deployed pipeline, against the one that the loop deployed. */
export function commandLine(given: () => TestLoop): void {
  let loop: TestLoop;
  beforeAll(() => (loop = given()));

  const modelpress = async (
    name: string,
    ...args: string[]
  ): Promise<{ code: number; stdout: string; stderr: string }> => {
    const command = [join(__dirname, '../../../dist/cli/modelpress.js'), name, '--stack', 'modelpress', ...args];
    const child = spawn(process.execPath, command, { env: { ...process.env, ...loop.environment } });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, ...output };
  };
  const json = async <T>(name: string, ...args: string[]): Promise<T> => {
    const { code, stdout, stderr } = await modelpress(name, '--json', ...args);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as T;
  };
  const history = async (): Promise<Record<string, unknown>[]> =>
    (await json<{ builds: Record<string, unknown>[] }>('history')).builds;

  test('tells what serves, what ran, and what was built', async () => {
    const { stdout } = await modelpress('status');
    expect(stdout).toMatch(/^Model digits, endpoint \S+: InService$/m);
    expect(stdout).toContain(`artifact  ${loop.artifact}`);
    expect(stdout).toMatch(/^release +\S+ +SUCCEEDED +Released /m);
    expect(await history()).toEqual([
      expect.objectContaining({ artifact: loop.artifact, inService: true, recipe: { method: 'int8', mode: 'best' } }),
    ]);
    expect((await modelpress('history')).stdout).toMatch(
      /^model-[0-9a-f]{24} +int8 +\d+ KB +\d+ KB +0\.\d+ % .* in service$/m,
    );
  });

  test('sees an upload become the model, which nothing repeats, and brings the earlier one back', async () => {
    const { bucket } = parseS3Uri(loop.artifact);
    const { Contents = [] } = await loop.clients.s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'raw/' }));
    const raw = Contents.map(({ Key = '' }) => Key).filter((key) => key.includes('/output/model/'));
    const upload = { Bucket: bucket, Key: 'uploads/digits/v1/model.tflite' };
    // The model itself last: it makes the upload complete.
    raw.sort((one) => (one.endsWith('.tflite') ? 1 : -1));
    for (const key of raw) {
      const name = key.endsWith('.tflite') ? 'model.tflite' : key.split('/').pop();
      const Key = `uploads/digits/v1/${name}`;
      await loop.clients.s3.send(new CopyObjectCommand({ Bucket: bucket, Key, CopySource: `${bucket}/${key}` }));
    }
    let builds = await history();
    while (builds[0].inService !== true || builds.length < 2) {
      await sleep(500);
      builds = await history();
    }
    expect(builds[0].build).toMatch(/^model-[0-9a-f]{24}$/);
    expect(await loop.invoke()).toHaveProperty('predictions');

    const event = {
      Source: 'aws.s3',
      DetailType: 'Object Created',
      Detail: JSON.stringify({ bucket: { name: bucket }, object: { key: upload.Key } }),
    };
    await loop.events.send(new PutEventsCommand({ Entries: [event, event] }));
    const run = ['run', '--source', `s3://${bucket}/uploads/digits/v1/`, '--wait'] as const;
    const byHand = await json<{ build: string; endpoint: { artifact: string } }>(...run);
    expect(byHand).toMatchObject({ build: builds[0].build, started: false, status: 'SUCCEEDED' });
    const unchanged = await json<object>('run', '--if-changed', '--wait');
    expect(unchanged).toMatchObject({ started: true, endpoint: { artifact: byHand.endpoint.artifact } });
    expect((await history()).map(({ build }) => build)).toEqual(builds.map(({ build }) => build));

    const back = await modelpress('release', builds[1].build as string, '--wait');
    expect(back).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`InService, serves ${loop.artifact}`) as string,
    });
    expect((await history()).map(({ inService }) => inService)).toEqual([false, true]);
  });

  test('says what it was given wrongly', async () => {
    const release = await modelpress('release', 'no-such-build');
    expect(release.code).toBe(1);
    expect(release.stderr).toMatch(
      /^modelpress: s3:\S+\/no-such-build\/ holds no manifest\.json.* the newest builds are: \S+, /,
    );
    expect((await modelpress('status', '--model', 'letters')).stderr).toMatch(
      /no pipeline for letters; it has: digits/,
    );
    expect((await modelpress('status', '--stack', 'absent')).code).toBe(1);
    expect(await modelpress('history', '--limit', 'all')).toMatchObject({ code: 2 });
  });
}
