import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const KEPT_LINES = 30;

/** The environment for Python tools: nothing of the user's own Python leaks in, and pip does not talk about itself. */
export function cleanPythonEnvironment(base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const leaks = [
    'PYTHONPATH',
    'PYTHONHOME',
    'PYTHONSTARTUP',
    'VIRTUAL_ENV',
    'PIP_TARGET',
    'PIP_PREFIX',
    'PIP_USER',
    'PIP_REQUIRE_VIRTUALENV',
  ];
  return {
    ...Object.fromEntries(Object.entries(base).filter(([name]) => !leaks.includes(name))),
    PYTHONNOUSERSITE: '1',
    PYTHONUTF8: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
    PIP_ROOT_USER_ACTION: 'ignore',
  };
}

/**
 * Runs a Python command of the installation and hands each line of its output on.
 *
 * @throws Error with the command's last lines when it fails; the signal's reason when it is aborted.
 */
export async function runPython(
  python: string,
  args: readonly string[],
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const child = spawn(python, args, { env: cleanPythonEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  const tail: string[] = [];
  const keep = (line: string): void => {
    tail.push(line);
    if (tail.length > KEPT_LINES) tail.shift();
    onLine(line);
  };
  createInterface({ input: child.stdout }).on('line', keep);
  createInterface({ input: child.stderr }).on('line', keep);
  const stop = (): void => void child.kill('SIGTERM');
  process.once('exit', stop);
  signal?.addEventListener('abort', stop);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  process.off('exit', stop);
  signal?.removeEventListener('abort', stop);
  signal?.throwIfAborted();
  if (code !== 0) {
    throw new Error(
      `${[python, ...args].join(' ')} ended with ${code ?? 'a signal'}:\n${tail.map((line) => `  ${line}`).join('\n')}`,
    );
  }
}

/** Turns pip's output into the few lines worth showing: what is being downloaded, and that it is being installed. */
export function describePipLine(line: string): string | undefined {
  const download = /^\s*Downloading (\S+?)-[0-9]\S* \(([0-9.]+) (MB|GB)\)/.exec(line);
  if (download !== null && (download[3] === 'GB' || Number(download[2]) >= 5)) {
    return `downloading ${download[1].split('/').pop()} (${download[2]} ${download[3]})`;
  }
  if (line.startsWith('Installing collected packages:')) {
    return `installing ${line.split(',').length} packages`;
  }
  return undefined;
}
