import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { testPython } from '../../../../support/python';

export const python = testPython();

/** A model's files by name; `model.onnx` is the model itself. */
export type ModelFolder = Record<string, Uint8Array>;

/** Norm of the difference over norm of the reference, by output. */
export type Differences = Record<string, number>;

/** Checks and runs groups of models; answers how the others of a group differ from its first. */
export function runOnnx(groups: ModelFolder[][]): Differences[][] {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-'));
  try {
    const paths = groups.map((group, at) =>
      group.map((files, index) => {
        const own = join(folder, `${at}-${index}`);
        mkdirSync(own);
        for (const [name, bytes] of Object.entries(files)) {
          mkdirSync(dirname(join(own, name)), { recursive: true });
          writeFileSync(join(own, name), bytes);
        }
        return join(own, 'model.onnx');
      }),
    );
    const output = execFileSync(python, [join(__dirname, 'run_onnx.py')], {
      input: JSON.stringify(paths),
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return JSON.parse(output.trim().split('\n').pop()!) as Differences[][];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
