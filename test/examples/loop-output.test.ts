import { formatMetrics } from '../../local/loop/evaluation';
import { formatPredictions } from '../../local/loop/predictions';
import { readLoopOutput } from '../../tools/examples/loop-output';

const metrics = formatMetrics({
  held_out: 2000,
  raw: { accuracy: 0.9665, bytes: 1_648_309, latency_ms: 0.049 },
  compressed: { accuracy: 0.96, bytes: 627_001, latency_ms: 0.016 },
});
const predictions = formatPredictions([
  { label: 'star', predicted: 'star', confidence: 1, milliseconds: 1.5 },
  { label: 'ring', predicted: 'disc', confidence: 0.5, milliseconds: 14.2 },
]);
const whole = `\n${metrics}\n\n${predictions}\n\nEndpoint: shapes-1, updated, InService\nDone in 40 s.\n`;

test('reads what the loop prints for people', () => {
  expect(readLoopOutput(whole)).toEqual({
    size: { raw: 1_648_309, compressed: 627_001 },
    accuracy: { raw: 96.65, compressed: 96 },
    latency: { raw: 0.049, compressed: 0.016 },
    predictions: 2,
    right: 1,
  });
});

test('counts explained answers, too', () => {
  const attributions = [
    { feature: 'age', value: 0.25 },
    { feature: 'size', value: -0.031 },
  ];
  const explained = formatPredictions([
    { label: 'star', predicted: 'star', confidence: 1, attributions, milliseconds: 1.5 },
  ]);
  expect(explained).toMatch(/ star +star +100\.0 % +\+25\.0 +-3\.1 +right +1\.5 ms$/m);
  expect(readLoopOutput(whole.replace(predictions, explained))).toMatchObject({ predictions: 1, right: 1 });
});

test.each([
  [/^ *size.*$/m, 'there is no line "size" with two numbers in B'],
  [/^ *accuracy.*$/m, 'there is no line "accuracy on \\d+ held-out" with two numbers in %'],
  [/^ *latency.*$/m, 'there is no line "latency \\(median\\)" with two numbers in ms'],
  [/InService/, 'no endpoint is said to be in service'],
])('is not content without %s', (line, message) => {
  expect(() => readLoopOutput(whole.replace(line, ''))).toThrow(message);
});
