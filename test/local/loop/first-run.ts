import { GetObjectCommand } from '@aws-sdk/client-s3';
import { parseS3Uri } from '../../../local/loop/s3-location';
import { TestLoop } from './test-loop';

/** What the first run shows, and leaves for others. */
export function firstRun(given: () => TestLoop): void {
  let loop: TestLoop;
  beforeAll(() => (loop = given()));

  test('shows every state with its time', () => {
    for (const state of [
      'build and cdk deploy',
      'Prepare',
      'Train',
      'Plan',
      'Compress',
      'Finalize',
      'CompressionGate',
      'Measured before\\?',
      'Evaluate',
      'EvaluationGate',
      'Register',
      'Judged again\\?',
      'Release',
      'Status',
      'SmokeTest',
      'Settle',
      'Released',
    ]) {
      expect(loop.process.output).toMatch(new RegExp(`^  ✓ ${state} +\\d+\\.\\d s$`, 'm'));
    }
  });

  test('compresses at least 3.5 times and stays within half a point of the float accuracy', () => {
    const [, ratio] = /size .* ([\d.]+)x smaller/.exec(loop.process.output) ?? [];
    expect(Number(ratio)).toBeGreaterThanOrEqual(3.5);
    const [, raw, compressed, points] =
      /accuracy on \d+ held-out +([\d.]+) % +([\d.]+) % +([+-]?[\d.]+) points/.exec(loop.process.output) ?? [];
    expect(Number(raw)).toBeGreaterThan(90);
    expect(Number(compressed)).toBeGreaterThan(90);
    expect(Math.abs(Number(points))).toBeLessThanOrEqual(0.5);
  });

  test('makes five predictions, and leaves the endpoint up for others', async () => {
    expect(loop.process.output.match(/^ {2}\d +\d +[\d.]+ % +(right|wrong) +[\d.]+ ms$/gm)).toHaveLength(5);
    const [, label] = await loop.process.waitFor(/request\.json is a (\d)/);
    expect(await loop.invoke()).toMatchObject({ predictions: [{ label: Number(label) }] });
  });

  test('says where the artifact is, which has its manifest', async () => {
    const { bucket, key } = parseS3Uri(loop.artifact);
    const manifest = await loop.clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: `${key}manifest.json` }));
    expect(JSON.parse((await manifest.Body?.transformToString()) ?? '')).toMatchObject({
      recipe: { method: 'int8' },
      generator: { name: 'modelpress' },
    });
  });
}
