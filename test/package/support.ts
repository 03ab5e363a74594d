import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isCompiled, QUIET_JSII } from '../../tools/package/compile-package';

export const ROOT = resolve(__dirname, '..', '..');

/** The tests here run side by side, so none of them may write what the others read. */
export function requireCompiled(): void {
  if (!isCompiled()) throw new Error('The package is not compiled from the sources as they are; run: npm run build');
}

/** Runs a program to its end; a failure shows all it said. */
export function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...QUIET_JSII, ...env },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${error?.message ?? ''}${stdout}${stderr}`);
  return stdout;
}

/** Makes an app as the CDK's own command line does, in a new folder whose name becomes that of its stack. */
export function initApp(folder: string, language: 'typescript' | 'python'): void {
  mkdirSync(folder);
  runCdk(['init', 'app', '--language', language, '--generate-only'], folder);
}

/** What `cdk synth` writes, without what tells only where it came from. */
export function synthApp(folder: string, env: NodeJS.ProcessEnv = {}): string {
  runCdk(['synth', '--quiet', '--no-version-reporting', '--no-path-metadata', '--no-asset-metadata'], folder, env);
  return join(folder, 'cdk.out');
}

/** The CDK's command line of this project, with nothing of the user's. */
function runCdk(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): void {
  const options = ['--no-notices', '--ci', '--no-color'];
  const own = { HOME: cwd, CDK_DISABLE_CLI_TELEMETRY: 'true', CDK_DISABLE_VERSION_CHECK: 'true', ...env };
  run(process.execPath, [join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk'), ...args, ...options], cwd, own);
}

interface SynthesizedTemplate {
  readonly Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
}

export function readTemplate(folder: string, stack: string): SynthesizedTemplate {
  return JSON.parse(readFileSync(join(folder, `${stack}.template.json`), 'utf8')) as SynthesizedTemplate;
}

/** How many resources of each type a template has. */
export function countTypes({ Resources }: SynthesizedTemplate): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { Type } of Object.values(Resources)) counts[Type] = (counts[Type] ?? 0) + 1;
  return counts;
}
