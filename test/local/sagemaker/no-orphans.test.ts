import { ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { gone, isAlive, TestSageMaker, until } from './test-sagemaker';

const ROOT = join(__dirname, '../../..');

let sageMaker: TestSageMaker;
beforeAll(async () => (sageMaker = await TestSageMaker.start()));
afterAll(() => sageMaker.close());

/** The command line as a process of its own; its clients take the place of the ones in this process. */
async function startProgram(): Promise<{ program: ChildProcess; ended: Promise<number | null> }> {
  await sageMaker.server.close();
  const args = ['--python', sageMaker.python, '--port', '0', '--s3', sageMaker.aws.url, '--state', sageMaker.stateDir];
  const program = spawn(process.execPath, ['--require', 'tsx/cjs', 'local/sagemaker/main.ts', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => program.once('exit', resolve));
  let output = '';
  program.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const address = /listens on (http:\S+)\n/;
  sageMaker.useAddress(
    address.exec(
      await until(
        () => output,
        (text) => address.test(text),
      ),
    )![1],
  );
  return { program, ended };
}

/** Starts an endpoint and a training job that has a child of its own; returns the job's name and every process's id. */
async function startWork(): Promise<{ job: string; pids: number[] }> {
  const config = await sageMaker.config('orphan');
  const name = sageMaker.name('endpoint');
  await sageMaker.client.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: config }));
  await sageMaker.settled(name);
  const script =
    'import os, subprocess\nchild = subprocess.Popen(["sleep", "300"])\nprint("pids", os.getppid(), os.getpid(), child.pid, flush=True)\nchild.wait()\n';
  const job = await sageMaker.train(script);
  const log = join(sageMaker.stateDir, 'logs/training', `${job}.log`);
  const text = await until(
    () => readFile(log, 'utf8').catch(() => ''),
    (found) => /^pids .*\n/m.test(found),
  );
  const pids = [(await sageMaker.invoke(name)).pid, .../^pids (.*)$/m.exec(text)![1].split(' ').map(Number)];
  return { job, pids };
}

test.each([
  ['SIGTERM', 0],
  ['SIGINT', 0],
  ['SIGKILL', null],
] as const)('nothing outlives a server that gets %s', async (signal, code) => {
  const { program, ended } = await startProgram();
  const { job, pids } = await startWork();
  for (const pid of pids) expect(await isAlive(pid)).toBe(true);
  program.kill(signal);
  expect(await ended).toBe(code);
  for (const pid of pids) await gone(pid);
  await sageMaker.open();
  expect((await sageMaker.job(job)).TrainingJobStatus).toBe('Failed');
});
