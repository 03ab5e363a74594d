import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { awsEnvironment } from '../aws/local-aws';
import { logTail } from '../log-tail';
import { ProcessGroup } from '../process-group';

/** The CDK command line failed; the message carries the end of its log. */
export class CdkError extends Error {
  override readonly name = 'CdkError';
}

export interface CdkOptions {
  /** The project's root, where `cdk.json` lies. */
  readonly root: string;
  /** Folder for the command line's home, its output and its logs. */
  readonly stateDir: string;
  /** Address of the local AWS. */
  readonly awsUrl: string;
  /** Environment variables to leave out, besides the user's AWS settings. */
  readonly without?: readonly string[];
  /** Ends the command. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the project's own, unmodified `cdk`. It gets a home folder of its own, because it caches the account of an access
 * key there, and none of the user's AWS settings.
 *
 * @param limit milliseconds after which it is ended: a custom resource that fails can keep a deployment waiting forever
 * @throws CdkError
 */
export async function runCdk(
  options: CdkOptions,
  args: readonly string[],
  limit: number,
  cwd = options.root,
): Promise<void> {
  const home = join(options.stateDir, 'home');
  mkdirSync(home, { recursive: true });
  const logFile = join(options.stateDir, 'logs', `cdk-${args[0]}.log`);
  const cdk = new ProcessGroup({
    command: process.execPath,
    args: [join(options.root, 'node_modules', 'aws-cdk', 'bin', 'cdk'), ...args],
    cwd,
    logFile,
    env: {
      ...Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !/^(AWS_|CDK_)/.test(name) && !options.without?.includes(name)),
      ),
      ...awsEnvironment(options.awsUrl),
      HOME: home,
      CI: '1',
      NO_COLOR: '1',
      NODE_NO_WARNINGS: '1',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      // Checking the templates against CloudFormation's rules takes ten seconds and is the tests' and the cloud's affair.
      CDK_VALIDATION: 'false',
      NO_PROXY: '127.0.0.1,localhost',
      no_proxy: '127.0.0.1,localhost',
    },
  });
  const stop = (): void => void cdk.stop();
  const kill = (): void => cdk.kill();
  process.once('exit', kill);
  options.signal?.addEventListener('abort', stop, { once: true });
  const timer = new AbortController();
  try {
    const code = await Promise.race([
      cdk.exited,
      sleep(limit, 'late' as const, { signal: timer.signal, ref: false }).catch(() => null),
    ]);
    options.signal?.throwIfAborted();
    if (code === 0) return;
    const problem =
      code === 'late' ? `did not end within ${limit / 1000} s and was stopped` : `ended with ${code ?? 'a signal'}`;
    throw new CdkError(`cdk ${args[0]} ${problem}. The end of ${logFile}:\n${logTail(logFile)}`);
  } finally {
    timer.abort();
    options.signal?.removeEventListener('abort', stop);
    await cdk.stop();
    process.off('exit', kill);
  }
}
