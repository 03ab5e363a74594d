import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cleanPythonEnvironment } from '../python/pip-install';
import { UsageError } from './options';

/** One input for the endpoint, and the answer it should give. */
export interface Sample {
  readonly label: string;
  /** The request's body, JSON. */
  readonly body: string;
}

/** What the loop must know of an example beyond its three folders: how to get samples, and how to read an answer. */
export interface Example {
  readonly name: string;
  /** Folder with `training/`, `serving/` and `evaluation/`. */
  readonly folder: string;
  samples(python: string, count: number): Promise<Sample[]>;
  readAnswer(body: string): { readonly predicted: string; readonly confidence: number };
}

type ExampleKind = Pick<Example, 'readAnswer'> & {
  /** Program below the example's folder that prints samples as JSON. */
  readonly samplesProgram: string;
  readonly toSample: (printed: never) => Sample;
};

const EXAMPLES: Readonly<Record<string, ExampleKind>> = {
  'tensorflow-digits': {
    samplesProgram: 'training/digits.py',
    toSample: ({ label, pixels }: { label: number; pixels: number[] }) => ({
      label: String(label),
      body: JSON.stringify({ instances: [pixels] }),
    }),
    readAnswer: (body) => {
      const [answer] = (JSON.parse(body) as { predictions: { digit: number; probabilities: number[] }[] }).predictions;
      return { predicted: String(answer.digit), confidence: answer.probabilities[answer.digit] };
    },
  },
};

/** @throws UsageError when there is no such example. */
export function findExample(name: string, root: string): Example {
  const kind = Object.hasOwn(EXAMPLES, name) ? EXAMPLES[name] : undefined;
  const folder = join(root, 'examples', name);
  if (kind === undefined || !existsSync(folder)) {
    const known = readdirSync(join(root, 'examples')).filter((entry) => Object.hasOwn(EXAMPLES, entry));
    throw new UsageError(`--example must be one of ${known.join(', ')}, received: ${name}`);
  }
  return {
    name,
    folder,
    readAnswer: kind.readAnswer,
    samples: async (python, count) => {
      const program = join(folder, kind.samplesProgram);
      const { stdout } = await promisify(execFile)(python, [program, '--count', String(count)], {
        env: { ...cleanPythonEnvironment(), PYTHONDONTWRITEBYTECODE: '1' },
        maxBuffer: 16 << 20,
      });
      return (JSON.parse(stdout) as never[]).map(kind.toSample);
    },
  };
}
