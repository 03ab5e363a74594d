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
    const alike = name.startsWith('pytorch-') ? 'pytorch-cnn' : 'tensorflow-digits';
    for (const shared of ['evaluation/evaluate.py', 'training/pruning_schedule.py'])
      expect(read(name, shared)).toBe(read('tensorflow-digits', shared));
    expect(read(name, 'training/pruning.py')).toBe(read(alike, 'training/pruning.py'));
    if (alike === 'tensorflow-digits')
      expect(read(name, 'evaluation/runtime.py')).toBe(read(alike, 'evaluation/runtime.py'));
    if (name === 'pytorch-cnn') expect(read(name, 'evaluation/network.py')).toBe(read(name, 'training/network.py'));
  });
});
