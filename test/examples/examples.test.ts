import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadPipelines } from '../../bin/load-pipelines';
import { listExamples } from '../../examples/list-examples';

const EXAMPLES = resolve(__dirname, '../../examples');
const read = (example: string, file: string): string => readFileSync(join(EXAMPLES, example, file), 'utf8');

describe.each(listExamples())('%s', (name) => {
  test('has everything that an example is made of', () => {
    const parts = ['training/train.py', 'serving/inference.py', 'evaluation/evaluate.py', 'samples.py', 'README.md'];
    expect(parts.filter((part) => !existsSync(join(EXAMPLES, name, part)))).toEqual([]);
    expect(loadPipelines(name).length).toBeGreaterThan(0);
  });

  test('can be taken as it is, because it carries a copy of the scripts that examples share', () => {
    expect(read(name, 'evaluation/evaluate.py')).toBe(read('tensorflow-digits', 'evaluation/evaluate.py'));
    for (const shared of ['evaluation/runtime.py', 'training/pruning.py']) {
      const isTensorFlow = existsSync(join(EXAMPLES, name, 'training/pruning.py'));
      if (isTensorFlow) expect(read(name, shared)).toBe(read('tensorflow-digits', shared));
    }
  });
});
