import { ConsoleView } from '../../../local/loop/console-view';
import { formatTable } from '../../../local/loop/table';
import { readableCause } from '../../../lambda/support/readable-cause';
import { findString } from '../../../local/loop/find-value';
import { formatMetrics } from '../../../local/loop/evaluation';

const written = (isTTY: boolean, act: (view: ConsoleView) => void): string => {
  let text = '';
  const view = new ConsoleView({ isTTY, write: (part) => (text += part) });
  act(view);
  view.close();
  return text;
};

describe('ConsoleView', () => {
  test('writes one plain line a state where there is no terminal', () => {
    const text = written(false, (view) => {
      view.entered('Train');
      view.exited('Train', 12.34);
      view.entered('Plan');
      view.failed('Plan', 0.1);
    });
    expect(text).toBe(`  ✓ ${'Train'.padEnd(30)}   12.3 s\n  ✗ ${'Plan'.padEnd(30)}    0.1 s\n`);
  });

  test('replaces a live line on a terminal', () => {
    const text = written(true, (view) => {
      view.entered('Train');
      view.exited('Train', 1);
    });
    const [, live] = text.split('\r\x1b[2K');
    expect(live).toMatch(/^ {2}\S Train +0\.0 s$/);
    expect(text.endsWith(`  ✓ ${'Train'.padEnd(30)}    1.0 s\n`)).toBe(true);
  });

  test('shows a step of its own that fails, and passes the error on', async () => {
    let text = '';
    const view = new ConsoleView({ write: (part) => (text += part) });
    await expect(view.step('deploy', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(text).toMatch(/✗ deploy/);
  });
});

test('formatTable aligns the first column left and the others right', () => {
  expect(
    formatTable([
      ['', 'a'],
      ['size', '12'],
      ['x', '345'],
    ]),
  ).toBe('           a\n  ──────────\n  size    12\n  x      345');
});

test('formatMetrics compares size, accuracy and latency', () => {
  const text = formatMetrics({
    held_out: 360,
    raw: { accuracy: 0.975, bytes: 409600, latency_ms: 0.1 },
    compressed: { accuracy: 0.9722, bytes: 102400, latency_ms: 0.05 },
  });
  expect(text).toContain('409,600 B');
  expect(text).toContain('4.00x smaller');
  expect(text).toContain('97.50 %');
  expect(text).toContain('-0.28 points');
  expect(text).toContain('-50 %');
});

test('formatMetrics shows what else an example measures of both models', () => {
  const measured = { accuracy: 0.8, bytes: 1000, latency_ms: 0.1 };
  const text = formatMetrics({
    held_out: 10,
    raw: { ...measured, ndcg_at_10: 0.4213, only_here: 1 },
    compressed: { ...measured, ndcg_at_10: 0.4198 },
  });
  expect(text).toMatch(/^ +ndcg_at_10 +0\.4213 +0\.4198 +-0\.0015$/m);
  expect(text).not.toContain('only_here');
});

test.each([
  ['{"errorMessage":"no","errorType":"InvalidModel"}', 'no'],
  ['{"TrainingJobStatus":"Failed","FailureReason":"exit code 1"}', 'exit code 1'],
  ['{"Error":"A","Cause":"{\\"errorMessage\\":\\"inner\\"}"}', 'inner'],
  ['plain', 'plain'],
  ['[1]', '[1]'],
])('readableCause finds the message in %s', (cause, message) => expect(readableCause(cause)).toBe(message));

test('findString finds a key at any depth', () => {
  expect(findString({ a: [{ b: { artifact: 's3://x/' } }], artifact: 7 }, 'artifact')).toBe('s3://x/');
  expect(findString({ a: null }, 'artifact')).toBeUndefined();
});
