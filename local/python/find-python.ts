import { spawnSync } from 'node:child_process';

/** The versions for which every pinned package has wheels. */
const OLDEST = [3, 10] as const;
const NEWEST = [3, 13] as const;

/** What a Python says about itself; `null` where the command does not run. */
export interface PythonFacts {
  readonly command: string;
  readonly executable: string;
  readonly version: readonly [number, number, number];
  readonly canMakeEnvironments: boolean;
  readonly machine: string;
  readonly system: string;
  readonly libc: string;
  readonly bits: number;
}

/** No Python of this machine can be used; the message says what was found and what to install. */
export class NoPythonError extends Error {
  override readonly name = 'NoPython';
}

const QUESTION = `
import json, platform, struct, sys
try:
    import ensurepip, venv
    can = True
except Exception:
    can = False
print(json.dumps({"executable": sys.executable, "version": list(sys.version_info[:3]), "canMakeEnvironments": can,
  "machine": platform.machine(), "system": platform.system(), "libc": platform.libc_ver()[0],
  "bits": struct.calcsize("P") * 8}))
`;

/** Asks a command what Python it is. Must stay valid for Python 2, so that an old one is named and not just skipped. */
export function askPython(command: string): PythonFacts | null {
  const answer = spawnSync(command, ['-c', QUESTION], { encoding: 'utf8', timeout: 20_000, env: process.env });
  if (answer.status !== 0) return null;
  try {
    return { command, ...(JSON.parse(answer.stdout) as Omit<PythonFacts, 'command'>) };
  } catch {
    return null;
  }
}

/** Why a Python cannot be used, or `undefined` if it can. */
export function objection(python: PythonFacts): string | undefined {
  const [major, minor] = python.version;
  const name = `${python.command} is Python ${python.version.join('.')}`;
  if (major !== 3 || minor < OLDEST[1]) return `${name}: too old`;
  if (minor > NEWEST[1]) return `${name}: too new, TensorFlow has no wheels for it yet`;
  if (python.bits !== 64) return `${name}: a ${python.bits}-bit build, TensorFlow needs 64 bits`;
  if (python.system === 'Darwin' && python.machine === 'x86_64') {
    return `${name} for Intel Macs (or under Rosetta): TensorFlow has wheels for Apple silicon only`;
  }
  if (python.system === 'Linux' && python.libc !== 'glibc')
    return `${name} without glibc: TensorFlow has no wheels for musl`;
  if (!python.canMakeEnvironments) {
    return `${name}, but its venv module is missing (Debian and Ubuntu: apt install python${major}.${minor}-venv)`;
  }
  return undefined;
}

/**
 * Finds a Python that can carry the environment.
 *
 * @param chosen the only command to consider, from MODELPRESS_PYTHON_BASE
 * @throws NoPythonError with one line for every Python found and why it was refused.
 */
export function findPython(chosen = process.env.MODELPRESS_PYTHON_BASE): PythonFacts {
  const versions = Array.from({ length: NEWEST[1] - OLDEST[1] + 1 }, (_, i) => `python3.${NEWEST[1] - i}`);
  const refused: string[] = [];
  for (const command of chosen ? [chosen] : ['python3', ...versions, 'python']) {
    const python = askPython(command);
    const reason = python === null ? undefined : objection(python);
    if (python !== null && reason === undefined) return python;
    if (reason !== undefined) refused.push(reason);
  }
  const wanted = `Python ${OLDEST.join('.')} to ${NEWEST.join('.')}`;
  const found = refused.length > 0 ? `Found:\n${refused.map((line) => `  ${line}`).join('\n')}` : 'Found none.';
  throw new NoPythonError(
    (chosen
      ? `MODELPRESS_PYTHON_BASE=${chosen} is not a usable Python; ${wanted} is needed. ${refused.length > 0 ? found : 'It does not run.'}`
      : `${wanted} is needed and no usable one is on the PATH. ${found}`) +
      `\nInstall one (python.org, brew install python@3.13, apt install python3 python3-venv) and run again, ` +
      `or name it: MODELPRESS_PYTHON_BASE=/path/to/python3.`,
  );
}
