import { handler } from '../../lambda/prepare';
import { buildName } from '../../lambda/support/build-name';

const event = (executionName: string, input: unknown = {}): Record<string, unknown> => ({
  executionName,
  startTime: '2026-01-02T03:04:05.678Z',
  model: 'digits',
  input,
});

test('names the build after a plain execution, and the job after model and build', async () => {
  expect(await handler(event('nightly-7'))).toEqual({
    build: 'nightly-7',
    trainingJobName: 'digits-nightly-7',
    begun: '2026-01-02T03:04:05.678Z',
  });
});

test.each([
  ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z'],
  ['2026-01-01T02:00:00.5+02:00', '2026-01-01T00:00:00.500Z'],
])('a build is as old as the execution that asked for it: begun %s', async (begun, time) => {
  expect(await handler(event('a', { begun }))).toMatchObject({ begun: time });
});

test.each([['yesterday'], ['2026-01-01'], ['2026-13-01T00:00:00Z'], ['9999-01-01T00:00:00Z'], [7]])(
  'refuses to have begun %p',
  async (begun) => {
    await expect(handler(event('a', { begun }))).rejects.toThrow('input "begun" must be a time that has passed');
  },
);

test('passes a source on, so that nothing is trained', async () => {
  expect(await handler(event('a', { source: 's3://models/raw/mine/' }))).toMatchObject({
    source: 's3://models/raw/mine/',
  });
});

test.each([['models/raw/mine'], [7], ['s3://'], ['s3://UPPER/x']])('refuses the source %p', async (source) => {
  await expect(handler(event('a', { source }))).rejects.toThrow(/S3 address|must be an address such as s3:\/\//);
});

test('passes on that only changes count, which goes with no source', async () => {
  expect(await handler(event('a', { ifChanged: true }))).toMatchObject({ ifChanged: true });
  await expect(handler(event('a', { ifChanged: 'yes' }))).rejects.toThrow('"ifChanged" must be true or false');
  await expect(handler(event('a', { ifChanged: true, source: 's3://models/raw/' }))).rejects.toThrow(
    'input has "source" and "ifChanged"',
  );
});

test.each(['A7F3-UPPER', '3f0d6a52-9c1b-4a39-bb0e-6f3a1f1e0c11', 'x'.repeat(80), '---', 'ünïcode name'])(
  'turns the execution name %p into a name of its own that jobs and keys can have',
  (name) => {
    const build = buildName(name);
    expect(build).toMatch(/^[a-z0-9](-?[a-z0-9])*$/);
    expect(build.length).toBeLessThanOrEqual(32);
    expect(buildName(`${name}2`)).not.toBe(build);
  },
);

test('a job name leaves room for an attempt under the 63 characters that SageMaker takes', async () => {
  const { trainingJobName } = await handler({ ...event('y'.repeat(80)), model: 'm'.repeat(24) });
  expect(trainingJobName).toMatch(/^[a-z0-9](-?[a-z0-9])*$/);
  expect((trainingJobName as string).length).toBeLessThanOrEqual(63 - '-abcd'.length);
});
