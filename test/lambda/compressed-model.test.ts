import { nameBuild } from '../../lambda/compressed-model/deployment';
import { estimateSeconds, LONGEST_SECONDS, TooLongError } from '../../lambda/compressed-model/duration';

const object = { key: 'model.tflite', size: 7, etag: '"a"' };

test('a build is named after everything that decides on the artifact', () => {
  const names = [
    nameBuild('recipe', [object]),
    nameBuild('other', [object]),
    nameBuild('recipe', []),
    nameBuild('recipe', [{ ...object, key: 'other.tflite' }]),
    nameBuild('recipe', [{ ...object, size: 8 }]),
    nameBuild('recipe', [{ ...object, etag: '"b"' }]),
  ];
  expect(new Set(names).size).toBe(names.length);
  expect(nameBuild('recipe', [{ ...object }])).toBe(names[0]);
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{32}$/);
});

const deployment = {
  stateMachineArn: 'arn',
  model: 'llama',
  bucket: 'models',
  source: 's3://models/raw/llama/',
  files: [],
  specification: 'recipe',
  maxConcurrency: 100,
  memorySize: 3008,
  removeArtifact: false,
};

test('what takes longer than a deployment waits is told apart from what does not', () => {
  const [llama7b, llama70b] = [14e9, 140e9];
  expect(estimateSeconds(llama70b, deployment)).toBeLessThan(60);
  expect(estimateSeconds(llama70b, { ...deployment, maxConcurrency: 1 })).toBeLessThan(LONGEST_SECONDS);
  expect(estimateSeconds(10 * llama70b, { ...deployment, maxConcurrency: 1 })).toBeGreaterThan(LONGEST_SECONDS);
  expect(estimateSeconds(llama7b, { ...deployment, memorySize: 512 })).toBeGreaterThan(
    estimateSeconds(llama7b, deployment),
  );
  expect(new TooLongError('It takes long', 1.4e12, deployment).message).toContain(
    'The model has 1400.0 GB; the functions have 3008 MB each, 100 at once. Give maxConcurrency or memorySize more',
  );
});
