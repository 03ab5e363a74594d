import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CopyObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExecutionFailedError } from '../../../executions/execution-failure';
import { FinishedExecution, followExecution } from '../../../executions/follow-execution';
import { awsEnvironment, REGION } from '../../../local/aws/local-aws';
import { Clients, makeClients } from '../../../local/loop/clients';
import { RunningLoop } from '../../../local/loop/run-file';
import { parseS3Uri } from '../../../local/loop/s3-location';
import { testPython } from '../../support/python';
import { LoopProcess } from './loop-process';
import { Mailbox } from './mailbox';

const quiet = { entered: () => undefined, exited: () => undefined, failed: () => undefined };

/** A loop that has been through once and keeps running, with clients for all that it made. */
export class TestLoop {
  readonly stateDir = mkdtempSync(join(tmpdir(), 'modelpress-loop-'));
  /** The run that keeps the services; others on the same folder join it. */
  process = this.run('--keep');
  clients!: Clients;
  events!: EventBridgeClient;
  /** What makes a command line talk to it. */
  environment!: Readonly<Record<string, string>>;
  /** Outputs of the stack. */
  outputs!: Readonly<Record<string, string>>;
  /** Address of the first artifact. */
  artifact!: string;
  /** What people are told of builds and releases. */
  mailbox!: Mailbox;

  static async start(): Promise<TestLoop> {
    // The loop would install it, which takes longer than a test may.
    testPython();
    const loop = new TestLoop();
    try {
      await loop.open();
    } catch (error) {
      await loop.close();
      throw error;
    }
    return loop;
  }

  async close(): Promise<void> {
    this.process.signal('SIGINT');
    await this.process.exit;
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  /** Runs `npm run local` on the same folder. */
  run(...args: string[]): LoopProcess {
    return new LoopProcess(['--state-dir', this.stateDir, ...args]);
  }

  /** Asks the endpoint as the loop says that one can. */
  async invoke(): Promise<unknown> {
    const [, url] = await this.process.waitFor(/curl -s -X POST (\S+)/);
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: readFileSync(join(this.stateDir, 'request.json')),
    });
    return response.json();
  }

  /** Asks without a pause for as long as the work takes; every answer, or what was wrong with it. */
  async askWhile(work: () => Promise<void>): Promise<unknown[]> {
    const answers: unknown[] = [];
    let isGoing = true;
    const traffic = (async () => {
      while (isGoing) answers.push(await this.invoke().catch((error: Error) => error.message));
    })();
    try {
      await work();
    } finally {
      isGoing = false;
      await traffic;
    }
    return answers;
  }

  async servedConfig(): Promise<string | undefined> {
    const { EndpointName } = this.outputs;
    const endpoint = await this.clients.sageMaker.send(new DescribeEndpointCommand({ EndpointName }));
    expect(endpoint.EndpointStatus).toBe('InService');
    return endpoint.EndpointConfigName;
  }

  /** Executes a state machine to its end. @throws ExecutionFailedError */
  async execute(stateMachineArn: string, input: object): Promise<FinishedExecution> {
    const { states } = this.clients;
    const { executionArn } = await states.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
    );
    return followExecution(states, executionArn ?? '', quiet);
  }

  async failureOf(stateMachineArn: string, input: object): Promise<ExecutionFailedError> {
    return this.execute(stateMachineArn, input).then(
      () => Promise.reject(new Error('it succeeded')),
      (error: ExecutionFailedError) => error,
    );
  }

  /** Copies the artifact under another name, with another serving script; returns its address. */
  async variation(name: string, edit: (script: string) => string): Promise<string> {
    const { s3 } = this.clients;
    const { bucket, key } = parseS3Uri(this.artifact);
    const copy = key.replace(/\/$/, `-${name}/`);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: key }));
    for (const { Key = '' } of Contents) {
      const target = { Bucket: bucket, Key: Key.replace(key, copy) };
      if (Key.endsWith('code/inference.py')) {
        const script = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
        const Body = edit((await script.Body?.transformToString('utf8')) ?? '');
        await s3.send(new PutObjectCommand({ ...target, Body }));
      } else {
        await s3.send(new CopyObjectCommand({ ...target, CopySource: `${bucket}/${Key}` }));
      }
    }
    return `s3://${bucket}/${copy}`;
  }

  private async open(): Promise<void> {
    await this.process.waitFor(/Ctrl-C stops everything/);
    const { awsUrl, sageMakerUrl } = this.read<RunningLoop>('run.json');
    this.clients = makeClients(awsUrl, sageMakerUrl);
    this.environment = awsEnvironment(awsUrl, sageMakerUrl);
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    this.events = new EventBridgeClient({ endpoint: awsUrl, region: REGION, credentials });
    [this.outputs] = Object.values(this.read<Record<string, Record<string, string>>>('outputs.json'));
    [, this.artifact] = await this.process.waitFor(/Artifact: (s3:\S+)/);
    this.mailbox = await Mailbox.subscribe(awsUrl, this.outputs.NotificationTopicArn);
  }

  private read<T>(file: string): T {
    return JSON.parse(readFileSync(join(this.stateDir, file), 'utf8')) as T;
  }
}
