import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ACCOUNT, REGION } from '../aws/local-aws';
import { CdkError, CdkOptions, runCdk } from './cdk';

/** Milliseconds after which a command hangs; on a busy machine it takes some times as long as it should. */
const LIMIT = 300_000;

export interface DeployOptions extends CdkOptions {
  /** Settings of `bin/app.ts`; those that are undefined are left to the environment and `cdk.json`. */
  readonly settings: Readonly<Record<string, string | undefined>>;
}

/** What the stack says about itself. */
export interface StackOutputs {
  readonly ModelBucketName: string;
  readonly BuildStateMachineArn: string;
  readonly ReleaseStateMachineArn: string;
  readonly EndpointName: string;
}

/**
 * Bootstraps the local account, which does nothing when done before, builds, synthesizes and deploys the app.
 *
 * `--method direct`, because change sets of an update are not found again by the local CloudFormation.
 *
 * @throws CdkError with the log's end, also when an output is missing.
 */
export async function deployApp(options: DeployOptions): Promise<StackOutputs> {
  const assembly = join(options.stateDir, 'cdk.out');
  const outputsFile = join(options.stateDir, 'outputs.json');
  rmSync(outputsFile, { force: true });
  const empty = join(options.stateDir, 'empty');
  mkdirSync(empty, { recursive: true });
  const settings = Object.entries(options.settings).filter(([, value]) => value !== undefined);
  const context = settings.flatMap(([name, value]) => ['-c', `modelpress:${name}=${value}`]);
  const synth = ['synth', '--quiet', '--output', assembly, ...context];
  await allDone([
    runCdk(options, ['bootstrap', `aws://${ACCOUNT}/${REGION}`], LIMIT, empty),
    // The app lets the environment win over the context, but what was asked for here counts.
    runCdk({ ...options, without: settings.map(([name]) => environmentName(name)) }, synth, LIMIT),
  ]);
  const deploy = [
    '--app',
    assembly,
    '--all',
    '--method',
    'direct',
    '--require-approval',
    'never',
    '--outputs-file',
    outputsFile,
  ];
  // Away from `cdk.json`, whose build has just been done for the synthesis.
  await runCdk(options, ['deploy', ...deploy], LIMIT, empty);
  return readOutputs(outputsFile);
}

/** Waits for all, then throws the first failure: none may still be running when the caller cleans up. */
async function allDone(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function readOutputs(file: string): StackOutputs {
  const stacks = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>;
  const outputs = Object.assign({}, ...Object.values(stacks)) as Partial<StackOutputs>;
  const names = ['ModelBucketName', 'BuildStateMachineArn', 'ReleaseStateMachineArn', 'EndpointName'] as const;
  const missing = names.filter((name) => !outputs[name]);
  if (missing.length > 0) {
    throw new CdkError(
      `the stack has no output ${missing.join(', ')}; it has: ${Object.keys(outputs).join(', ') || 'none'}`,
    );
  }
  return outputs as StackOutputs;
}

/** The name in the environment of a setting; as in `bin/app-settings.ts`, which would load the whole CDK. */
export function environmentName(setting: string): string {
  return `MODELPRESS_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
