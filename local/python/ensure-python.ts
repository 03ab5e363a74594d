import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { withLock } from './environment-lock';
import { findPython } from './find-python';
import { describePipLine, runPython } from './pip-install';

export interface EnsurePythonOptions {
  /** Also installs what only the tests need. @default false */
  readonly withTestPeers?: boolean;
  /** The folder that gets `.venv`. @default the project's root */
  readonly root?: string;
  /** Where the progress goes. @default the console */
  readonly report?: (line: string) => void;
  /** Requirement files, for another set than the project's own. @default requirements.txt and requirements-test.txt */
  readonly requirements?: { readonly local: string; readonly test: string };
  /** Modules that must import after the installation. @default what the local loop imports */
  readonly imports?: readonly string[];
  /** What an installation needs, told when one begins: `5 GB`. @default nothing is told */
  readonly space?: string;
  /** Stops an installation. */
  readonly signal?: AbortSignal;
}

export interface PythonEnvironment {
  /** Absolute path of the environment's interpreter. */
  readonly python: string;
}

/** An environment that is there already, complete and up to date. */
export function findEnvironment(options: EnsurePythonOptions = {}): PythonEnvironment | undefined {
  const { python, stages } = describe(options);
  return canRun(python) && stages.every((one) => one.isDone()) ? { python } : undefined;
}

const IMPORTS = ['tensorflow', 'ai_edge_litert.interpreter', 'onnx', 'onnxruntime', 'sklearn', 'boto3', 'ministack'];

/**
 * Makes the project's virtual environment if it is not there yet, complete and up to date. A marker that names the
 * requirements' digest is written last, so an interrupted installation is seen and done again.
 *
 * @throws NoPythonError when this machine has no usable Python; Error with pip's last lines when installing fails.
 */
export async function ensurePython(options: EnsurePythonOptions = {}): Promise<PythonEnvironment> {
  const report = options.report ?? ((line: string) => console.log(line));
  const { root, environment, python, stages } = describe(options);
  const [local] = stages;
  const found = findEnvironment(options);
  if (found !== undefined) return found;

  const waiting = (pid: number): void => report(`Python environment: process ${pid} is installing it, waiting`);
  return withLock(join(root, '.modelpress', 'python.lock'), waiting, async () => {
    const made = findEnvironment(options);
    if (made !== undefined) return made;
    const started = Date.now();
    if (!canRun(python) || !local.isDone()) {
      const base = findPython();
      const inProject = relative(resolve(__dirname, '../..'), environment);
      const folder = inProject.startsWith('..') ? environment : inProject;
      const cost = options.space === undefined ? 'some minutes' : `some minutes and ${options.space}`;
      report(
        `Python environment: installing into ${folder} with Python ${base.version.join('.')}, once; this takes ${cost}`,
      );
      rmSync(environment, { recursive: true, force: true });
      await runPython(base.executable, ['-m', 'venv', environment], () => undefined, options.signal);
    }
    for (const one of stages.filter((candidate) => !candidate.isDone())) {
      const install = ['-m', 'pip', 'install', '--progress-bar', 'off', '--prefer-binary', '-r', one.requirements];
      const tell = (line: string): void => {
        const progress = describePipLine(line);
        if (progress !== undefined) report(`Python environment: ${progress}`);
      };
      await runPython(python, install, tell, options.signal);
      if (one === local) {
        report('Python environment: checking it');
        await runPython(
          python,
          ['-c', `import ${(options.imports ?? IMPORTS).join(', ')}`],
          () => undefined,
          options.signal,
        );
      }
      one.done();
    }
    report(`Python environment: ready after ${Math.round((Date.now() - started) / 1000)} s`);
    return { python };
  });
}

interface Description extends PythonEnvironment {
  readonly root: string;
  /** Path of the environment. */
  readonly environment: string;
  /** What is installed one after the other. */
  readonly stages: readonly [Stage, ...Stage[]];
}

function describe(options: EnsurePythonOptions): Description {
  const root = options.root ?? resolve(__dirname, '../..');
  const environment = join(root, '.venv');
  const files = options.requirements ?? {
    local: join(__dirname, 'requirements.txt'),
    test: join(__dirname, 'requirements-test.txt'),
  };
  const local = stage(environment, 'local', files.local);
  return {
    root,
    environment,
    python: join(environment, 'bin', 'python'),
    stages: options.withTestPeers ? [local, stage(environment, 'test', files.test)] : [local],
  };
}

interface Stage {
  readonly requirements: string;
  isDone(): boolean;
  done(): void;
}

/** The folder's own path is in the digest, because an environment that was moved or copied has broken scripts. */
function stage(environment: string, name: string, requirements: string): Stage {
  const marker = join(environment, `modelpress-${name}.installed`);
  const digest = createHash('sha256').update(environment).update(readFileSync(requirements)).digest('hex');
  return {
    requirements,
    isDone: () => existsSync(marker) && readFileSync(marker, 'utf8') === digest,
    done: () => writeFileSync(marker, digest),
  };
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
