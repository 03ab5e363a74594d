import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { testPython } from '../support/python';

const GOLDEN = resolve(__dirname, '../golden/examples/gradual-pruning.json');
const training = (example: string): string => resolve(__dirname, '../../examples', example, 'training');

/** Python with torch: who has it sets the variable, as `npm run test:examples` does. */
const torch = process.env.MODELPRESS_TORCH_PYTHON;

interface Run {
  readonly zeros: number[][];
  readonly biases: number[];
  readonly sparsity: number;
}
interface Golden {
  readonly kernel: number[][];
  readonly runs: { readonly schedule: Record<string, number>; readonly zeros: number[][] }[];
}

const ARGUMENTS: [string[], string][] = [
  [[], '0 callbacks'],
  [['--final-sparsity', '0.5'], '1 callbacks'],
  [['--final-sparsity', '1'], 'sparsities must be shares with 0 <= initial <= final < 1, received: 0, 1.0'],
  [
    ['--final-sparsity', '0.5', '--initial-sparsity', '0.6'],
    'sparsities must be shares with 0 <= initial <= final < 1, received: 0.6, 0.5',
  ],
  [
    ['--final-sparsity', '0.5', '--begin-step', '9', '--end-step', '9'],
    'steps must be 0 <= begin < end, received: 9, 9',
  ],
  [
    ['--final-sparsity', '0.5', '--end-step', '101'],
    '--end-step must be at most 100, the number of training steps, received: 101',
  ],
  [['--final-sparsity', '0.5', '--frequency', '0'], 'the frequency must be 1 step or more, received: 0'],
];

const golden = JSON.parse(readFileSync(GOLDEN, 'utf8')) as Golden;
const size = golden.kernel.flat().length;
interface Seen {
  readonly still: Run[];
  readonly learning: Run;
}
let keras: Seen & { answers: string[] };
let pytorch: Seen | undefined;

async function run<T>(python: string, script: string, ...args: string[]): Promise<T> {
  return JSON.parse((await promisify(execFile)(python, [join(__dirname, script), ...args])).stdout) as T;
}

beforeAll(async () => {
  const argumentLists = JSON.stringify(ARGUMENTS.map(([args]) => args));
  keras = await run(testPython(), 'gradual_pruning.py', training('tensorflow-digits'), GOLDEN, argumentLists);
  if (torch) pytorch = await run(torch, 'gradual_pruning_torch.py', training('pytorch-cnn'), GOLDEN);
});

describe.each([['Keras', () => keras], ...(torch ? [['PyTorch', () => pytorch!] as [string, () => Seen]] : [])] as [
  string,
  () => Seen,
][])('%s', (_, seen) => {
  test("zeros the same weights at the same steps as the toolkit's prune_low_magnitude", () => {
    expect(seen().still.map(({ zeros }) => zeros)).toEqual(golden.runs.map(({ zeros }) => zeros));
  });

  test('follows the polynomial of the schedule', () => {
    golden.runs.forEach(({ schedule }, index) => {
      const { initial_sparsity: first, final_sparsity: final, begin_step: begin, end_step: end, frequency } = schedule;
      let wanted = 0;
      seen().still[index].zeros.forEach((zeros, position) => {
        const step = position + 1;
        if (step >= begin && step <= end && (step - begin) % frequency === 0) {
          wanted = final + (first - final) * (1 - (step - begin) / (end - begin)) ** 3;
        }
        expect(zeros.length).toBeCloseTo(wanted * size, -0.31);
      });
    });
  });

  test('leaves biases alone, and keeps zeros at zero while the rest learns', () => {
    const { zeros, biases, sparsity } = seen().learning;
    expect(Math.max(...biases)).toBe(0);
    expect(sparsity).toBeCloseTo(0.5, 1);
    const last = zeros.at(-1)!;
    expect(zeros[17]).toEqual(last);
    expect(last).toHaveLength(Math.round(sparsity * size));
  });
});

test.each(ARGUMENTS.map(([args, reason], index) => [args, reason, index] as const))(
  'to %j says %s',
  (_, reason, index) => expect(keras.answers[index]).toBe(reason),
);
