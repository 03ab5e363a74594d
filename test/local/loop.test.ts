import {
  CopyObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DescribeEndpointCommand,
  DescribeModelPackageCommand,
  ModelApprovalStatus,
  SageMakerClient,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { ListExecutionsCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awsEnvironment, REGION } from '../../local/aws/local-aws';
import { makeClients } from '../../local/loop/clients';
import { ExecutionFailedError } from '../../executions/execution-failure';
import { followExecution } from '../../executions/follow-execution';
import { RunningLoop } from '../../local/loop/run-file';
import { parseS3Uri } from '../../local/loop/s3-location';
import { testPython } from '../support/python';
import { LoopProcess } from './loop-process';
import { Mailbox } from './mailbox';

const quiet = { entered: () => undefined, exited: () => undefined, failed: () => undefined };

/** The whole loop once, and what happens to a running endpoint when later builds and releases go wrong. */
describe('npm run local', () => {
  let stateDir: string;
  let loop: LoopProcess;
  let s3: S3Client;
  let states: SFNClient;
  let sageMaker: SageMakerClient;
  let artifact: string;
  let mailbox: Mailbox;
  let outputs: Record<string, string>;
  let local: { readonly environment: Record<string, string>; readonly events: EventBridgeClient };

  beforeAll(async () => {
    // The loop would install it, which takes longer than a test may.
    testPython();
    stateDir = mkdtempSync(join(tmpdir(), 'modelpress-loop-'));
    loop = new LoopProcess(['--state-dir', stateDir, '--keep']);
    await loop.waitFor(/Ctrl-C stops everything/);
    const { awsUrl, sageMakerUrl } = JSON.parse(readFileSync(join(stateDir, 'run.json'), 'utf8')) as RunningLoop;
    ({ s3, states, sageMaker } = makeClients(awsUrl, sageMakerUrl));
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    local = {
      environment: awsEnvironment(awsUrl, sageMakerUrl),
      events: new EventBridgeClient({ endpoint: awsUrl, region: REGION, credentials }),
    };
    [outputs] = Object.values(JSON.parse(readFileSync(join(stateDir, 'outputs.json'), 'utf8')) as object) as [
      typeof outputs,
    ];
    artifact = (await loop.waitFor(/Artifact: (s3:\S+)/))[1];
    mailbox = await Mailbox.subscribe(awsUrl, outputs.NotificationTopicArn);
  });

  afterAll(async () => {
    loop.signal('SIGINT');
    await loop.exit;
    rmSync(stateDir, { recursive: true, force: true });
  });

  const invoke = async (): Promise<unknown> => {
    const [, url] = await loop.waitFor(/curl -s -X POST (\S+)/);
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: readFileSync(join(stateDir, 'request.json')),
    });
    return response.json();
  };
  const servedConfig = async (): Promise<string | undefined> => {
    const endpoint = await sageMaker.send(new DescribeEndpointCommand({ EndpointName: outputs.EndpointName }));
    expect(endpoint.EndpointStatus).toBe('InService');
    return endpoint.EndpointConfigName;
  };
  const failureOf = async (stateMachineArn: string, input: object): Promise<ExecutionFailedError> => {
    const { executionArn } = await states.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
    );
    return followExecution(states, executionArn ?? '', quiet).then(
      () => Promise.reject(new Error('it succeeded')),
      (error: ExecutionFailedError) => error,
    );
  };

  test('shows every state with its time', () => {
    for (const state of [
      'build and cdk deploy',
      'Prepare',
      'Train',
      'Plan',
      'Compress',
      'Finalize',
      'CompressionGate',
      'Evaluate',
      'EvaluationGate',
      'Register',
      'Release',
      'Status',
      'SmokeTest',
      'Settle',
      'Released',
    ]) {
      expect(loop.output).toMatch(new RegExp(`^  ✓ ${state} +\\d+\\.\\d s$`, 'm'));
    }
  });

  test('compresses at least 3.5 times and stays within half a point of the float accuracy', () => {
    const [, ratio] = /size .* ([\d.]+)x smaller/.exec(loop.output) ?? [];
    expect(Number(ratio)).toBeGreaterThanOrEqual(3.5);
    const [, raw, compressed, points] =
      /accuracy on \d+ held-out +([\d.]+) % +([\d.]+) % +([+-]?[\d.]+) points/.exec(loop.output) ?? [];
    expect(Number(raw)).toBeGreaterThan(90);
    expect(Number(compressed)).toBeGreaterThan(90);
    expect(Math.abs(Number(points))).toBeLessThanOrEqual(0.5);
  });

  test('makes five predictions, and leaves the endpoint up for others', async () => {
    expect(loop.output.match(/^ {2}\d +\d +[\d.]+ % +(right|wrong) +[\d.]+ ms$/gm)).toHaveLength(5);
    const [, label] = await loop.waitFor(/request\.json is a (\d)/);
    expect(await invoke()).toMatchObject({ predictions: [{ label: Number(label) }] });
  });

  test('says where the artifact is, which has its manifest', async () => {
    const { bucket, key } = parseS3Uri(artifact);
    const manifest = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: `${key}manifest.json` }));
    expect(JSON.parse((await manifest.Body?.transformToString()) ?? '')).toMatchObject({
      recipe: { method: 'int8' },
      generator: { name: 'modelpress' },
    });
  });

  describe('the command line', () => {
    const modelpress = async (
      name: string,
      ...args: string[]
    ): Promise<{ code: number; stdout: string; stderr: string }> => {
      const command = [join(__dirname, '../../dist/cli/modelpress.js'), name, '--stack', 'modelpress', ...args];
      const child = spawn(process.execPath, command, { env: { ...process.env, ...local.environment } });
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
      expect(stdout).toContain(`artifact  ${artifact}`);
      expect(stdout).toMatch(/^release +\S+ +SUCCEEDED +Released /m);
      expect(await history()).toEqual([
        expect.objectContaining({ artifact, inService: true, recipe: { method: 'int8', mode: 'best' } }),
      ]);
      expect((await modelpress('history')).stdout).toMatch(
        /^local-\d+ +int8 +\d+ KB +\d+ KB +0\.\d+ % .* in service$/m,
      );
    });

    test('sees an upload become the model, which nothing repeats, and brings the earlier one back', async () => {
      const { bucket } = parseS3Uri(artifact);
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'raw/' }));
      const raw = Contents.map(({ Key = '' }) => Key).filter((key) => key.includes('/output/model/'));
      const upload = { Bucket: bucket, Key: 'uploads/digits/v1/model.tflite' };
      // The model itself last: it makes the upload complete.
      raw.sort((one) => (one.endsWith('.tflite') ? 1 : -1));
      for (const key of raw) {
        const name = key.endsWith('.tflite') ? 'model.tflite' : key.split('/').pop();
        const Key = `uploads/digits/v1/${name}`;
        await s3.send(new CopyObjectCommand({ Bucket: bucket, Key, CopySource: `${bucket}/${key}` }));
      }
      let builds = await history();
      while (builds[0].inService !== true || builds.length < 2) {
        await sleep(500);
        builds = await history();
      }
      expect(builds[0].build).toMatch(/^model-[0-9a-f]{24}$/);
      expect(await invoke()).toHaveProperty('predictions');

      const event = {
        Source: 'aws.s3',
        DetailType: 'Object Created',
        Detail: JSON.stringify({ bucket: { name: bucket }, object: { key: upload.Key } }),
      };
      await local.events.send(new PutEventsCommand({ Entries: [event, event] }));
      const run = ['run', '--source', `s3://${bucket}/uploads/digits/v1/`, '--wait'] as const;
      const byHand = await json<{ build: string; endpoint: { artifact: string } }>(...run);
      expect(byHand).toMatchObject({ started: true });
      expect(await json<object>(...run)).toMatchObject({ build: byHand.build, started: false, status: 'SUCCEEDED' });
      const unchanged = await json<object>('run', '--if-changed', '--wait');
      expect(unchanged).toMatchObject({ started: true, endpoint: { artifact: byHand.endpoint.artifact } });
      expect((await history()).map(({ build }) => build)).toEqual([byHand.build, builds[0].build, builds[1].build]);

      const back = await modelpress('release', builds[1].build as string, '--wait');
      expect(back).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`InService, serves ${artifact}`) as string,
      });
      expect((await history()).map(({ inService }) => inService)).toEqual([false, false, true]);
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
  });

  /** Copies the artifact under another name, with another serving script; returns its address. */
  const variation = async (name: string, edit: (script: string) => string): Promise<string> => {
    const { bucket, key } = parseS3Uri(artifact);
    const copy = key.replace(/\/$/, `-${name}/`);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: key }));
    for (const { Key = '' } of Contents) {
      const target = { Bucket: bucket, Key: Key.replace(key, copy) };
      if (Key.endsWith('code/inference.py')) {
        const script = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
        await s3.send(
          new PutObjectCommand({ ...target, Body: edit((await script.Body?.transformToString('utf8')) ?? '') }),
        );
      } else {
        await s3.send(new CopyObjectCommand({ ...target, CopySource: `${bucket}/${Key}` }));
      }
    }
    return `s3://${bucket}/${copy}`;
  };

  test('a good, a crashing and a wrong release under constant requests: none fails, and only the good one stays', async () => {
    const answers: unknown[] = [];
    let isGoing = true;
    const traffic = (async () => {
      while (isGoing) answers.push(await invoke().catch((error: Error) => error.message));
    })();
    const good = await variation('good', (script) => `${script}\n# another release\n`);
    const { executionArn } = await states.send(
      new StartExecutionCommand({
        stateMachineArn: outputs.ReleaseStateMachineArn,
        input: JSON.stringify({ artifact: good }),
      }),
    );
    await followExecution(states, executionArn ?? '', quiet);
    const config = await servedConfig();

    const crashing = await variation('crashing', () => 'raise RuntimeError("this script is broken")');
    const crash = await failureOf(outputs.ReleaseStateMachineArn, { artifact: crashing });
    expect(crash.failure.cause).toMatch(/health check|ping/i);
    const mail = await mailbox.next();
    expect(mail.Subject).toBe('modelpress: release of digits was rolled back');
    expect(mail.Message).toMatch(/error: RolledBack\n.*cause: .*(health check|ping)/is);
    expect(mail.MessageAttributes.kind.Value).toBe('rolled-back');

    const wrong = await variation(
      'wrong',
      (script) =>
        `${script}\nright = predict_fn\n\n\ndef predict_fn(images, model):\n    return right(images, model)[:, ::-1]\n`,
    );
    const mistake = await failureOf(outputs.ReleaseStateMachineArn, { artifact: wrong });
    expect(mistake.failure.cause).toContain('3 of 3 golden requests were answered wrongly');
    expect((await mailbox.next()).Message).toContain('error: SmokeTestFailed');

    isGoing = false;
    await traffic;
    expect(await servedConfig()).toBe(config);
    expect(answers.length).toBeGreaterThan(100);
    expect(answers.filter((answer) => (answer as { predictions?: unknown }).predictions === undefined)).toEqual([]);
  });

  test('a model that is not TFLite stops the build at Plan', async () => {
    const { bucket } = parseS3Uri(artifact);
    await s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: 'raw/elsewhere/model.tflite', Body: 'not a flatbuffer at all' }),
    );
    const { failure } = await failureOf(outputs.BuildStateMachineArn, { source: `s3://${bucket}/raw/elsewhere/` });
    expect(failure).toMatchObject({ state: 'Plan', error: 'InvalidModel' });
    expect(failure.cause).toContain('model.tflite');
    const mail = await mailbox.next();
    expect(mail.Subject).toBe('modelpress: build of digits failed');
    expect(mail.Message).toContain(`state: Plan\nerror: InvalidModel\ncause: ${failure.cause}\n`);
  });

  test('a second run joins the first; when its training fails it says why, and the endpoint serves on', async () => {
    const before = await servedConfig();
    const second = new LoopProcess(['--state-dir', stateDir, '--set', 'hyperparameters={"epochs":"many"}']);
    expect(await second.exit).toBe(1);
    expect(second.output).toMatch(/Local services of process \d+/);
    expect(second.output).toMatch(/✗ Train failed: States\.TaskFailed/);
    expect(second.output).toMatch(/The end of .*\.log:[^]*invalid int value: 'many'/);
    expect(second.output).toMatch(new RegExp(`still serves ${before}: (\\d) is recognised as \\1`));
    expect(await servedConfig()).toBe(before);
  });

  test('a model that is not good enough ends the loop with its numbers, and the endpoint serves on', async () => {
    const before = await servedConfig();
    const pruned = ['--prune', '0.97', '--set', 'hyperparameters={"epochs":2}'];
    const second = new LoopProcess(['--state-dir', stateDir, ...pruned]);
    expect(await second.exit).toBe(1);
    const numbers = /- accuracy dropped by 0\.\d+ from 0\.\d+ to 0\.\d+; at most 0\.02 is allowed/;
    expect(second.output).toMatch(/✗ EvaluationGate failed: GateFailed\n {2}the compressed model is not good enough/);
    expect(second.output).toMatch(numbers);
    expect(second.output).toContain(`still serves ${before}`);
    expect(await servedConfig()).toBe(before);
    // The failed training before has told, too.
    const mails = [await mailbox.next(), await mailbox.next()];
    expect(mails.map(({ MessageAttributes }) => MessageAttributes.kind.Value)).toEqual(['failed', 'gated']);
    expect(mails[1].Message).toMatch(numbers);
  });

  test('a build that waits for approval asks for it, and is released once it is given, however often that is told', async () => {
    const before = await servedConfig();
    const waiting = ['--recipe', 'fp16', '--set', 'approval=manual', '--set', 'hyperparameters={"epochs":4}'];
    const second = new LoopProcess(['--state-dir', stateDir, ...waiting]);
    const [, ModelPackageArn] = await second.waitFor(/The build waits for approval[^]*--model-package-arn (arn:\S+)/);
    const mail = await mailbox.next();
    expect(mail.MessageAttributes.kind.Value).toBe('waiting-for-approval');
    expect(mail.Message).toContain(`--model-package-arn ${ModelPackageArn} --model-approval-status Approved`);
    const decide = (ModelApprovalStatus: ModelApprovalStatus): Promise<unknown> =>
      sageMaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus }));
    await decide('Rejected');
    expect(await servedConfig()).toBe(before);
    await decide('Approved');
    expect(await second.exit).toBe(0);
    expect(second.output).toMatch(/^Endpoint: \S+, updated, InService$/m);
    const after = await servedConfig();
    expect(after).not.toBe(before);
    const { LastModifiedTime } = await sageMaker.send(
      new DescribeModelPackageCommand({ ModelPackageName: ModelPackageArn }),
    );
    const { executions = [] } = await states.send(
      new ListExecutionsCommand({ stateMachineArn: outputs.ReleaseStateMachineArn }),
    );
    const version = ModelPackageArn.split('/').pop();
    expect(executions.map(({ name }) => name).filter((name) => name?.startsWith('package-'))).toEqual([
      `package-${version}-${LastModifiedTime!.getTime()}`,
    ]);
  });

  test('a port in use stops the loop at once', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const elsewhere = mkdtempSync(join(tmpdir(), 'modelpress-port-'));
    try {
      const second = new LoopProcess(['--state-dir', elsewhere, '--port', String(port)]);
      expect(await second.exit).toBe(1);
      expect(second.output).toContain(`port ${port} is in use by another program`);
    } finally {
      other.close();
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });

  test('bad usage ends with 2', async () => {
    const second = new LoopProcess(['--recipe', 'int7']);
    expect(await second.exit).toBe(2);
    expect(second.output).toMatch(/received: "int7"[^]*usage: npm run local/);
  });

  test('Ctrl-C stops everything, and the next run updates what is there', async () => {
    loop.signal('SIGINT');
    expect(await loop.exit).toBe(130);
    const { stdout } = spawnSync('ps', ['-eo', 'pid,command'], { encoding: 'utf8' });
    expect(stdout.split('\n').filter((line) => line.includes(stateDir))).toEqual([]);
    expect(existsSync(join(stateDir, 'run.json'))).toBe(false);

    loop = new LoopProcess(['--state-dir', stateDir, '--recipe', 'fp16']);
    expect(await loop.exit).toBe(0);
    expect(loop.output).toMatch(/^Endpoint: \S+, updated, InService$/m);
    const [, ratio] = /size .* ([\d.]+)x smaller/.exec(loop.output) ?? [];
    expect(Number(ratio)).toBeGreaterThan(1.8);
    const left = spawnSync('ps', ['-eo', 'pid,command'], { encoding: 'utf8' }).stdout;
    expect(left.split('\n').filter((line) => line.includes(stateDir))).toEqual([]);
  });
});
