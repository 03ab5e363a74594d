import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GoldenRequest, ModelPipeline, SmokeTest } from '../../lib';
import { compareAnswers } from '../../lambda/release/compare-answers';
import { parseGoldenRequests } from '../../lambda/release/golden-requests';
import { definitionOf } from './support/definition';
import { newStack, pipelineProps } from './support/pipelines';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'golden-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const write = (files: Record<string, string>): void =>
  Object.entries(files).forEach(([name, text]) => writeFileSync(join(folder, name), text));
const packed = (test: SmokeTest): object[] => parseGoldenRequests(readFileSync(test._pack(), 'utf8'));

test('a folder becomes requests with the content types of its files', () => {
  write({ 'a.request.json': '[1]', 'a.response.csv': '2', 'b.request.bin': 'x' });
  expect(packed(SmokeTest.fromDirectory(folder, { absoluteTolerance: 0.5 }))).toEqual([
    {
      name: 'a',
      contentType: 'application/json',
      accept: 'text/csv',
      body: 'WzFd',
      expected: 'Mg==',
      absoluteTolerance: 0.5,
      relativeTolerance: 0,
    },
    {
      name: 'b',
      contentType: 'application/octet-stream',
      accept: 'application/json',
      body: 'eA==',
      absoluteTolerance: 0.5,
      relativeTolerance: 0,
    },
  ]);
});

test('the machine tests only where it is told to, and a change of the requests changes no release', () => {
  const machine = (body?: string): ReturnType<typeof definitionOf> => {
    const stack = newStack();
    const smokeTest = body === undefined ? undefined : SmokeTest.fromRequests([{ name: 'one', body }]);
    const props = pipelineProps();
    new ModelPipeline(stack, 'Pipeline', { ...props, endpoint: { ...props.endpoint, smokeTest } });
    return definitionOf(stack, 'ReleaseMachine');
  };
  const [none, one, other] = [machine(), machine('1'), machine('2')];
  expect(none.States.SmokeTest).toBeUndefined();
  expect(one.States.SmokeTest.Parameters.golden).not.toEqual(other.States.SmokeTest.Parameters.golden);
  expect(one.States.Release.Parameters.specification).toEqual(none.States.Release.Parameters.specification);
});

test.each<[string, () => SmokeTest, string]>([
  ['no requests', () => SmokeTest.fromRequests([]), 'needs 1 to 100 requests, received: 0'],
  ['a name twice', () => SmokeTest.fromRequests([request('a'), request('a')]), 'names of their own, received: a, a'],
  [
    'a body that no endpoint takes',
    () => SmokeTest.fromRequests([request('big', 'x'.repeat(6_291_457))]),
    'the golden request big has 6291457 bytes',
  ],
  [
    'a negative tolerance',
    () => SmokeTest.fromRequests([{ ...request('a'), absoluteTolerance: -1 }]),
    'tolerances of the golden request a must be 0 or more',
  ],
  ['no folder', () => SmokeTest.fromDirectory('/nowhere'), '/nowhere does not exist'],
])('refuses %s', (_, make, message) => {
  expect(make).toThrow(message);
});

test.each([
  [{ 'a.json': '' }, 'must be called <name>.request.<extension>'],
  [{ 'a.request.json': '', 'b.response.json': '' }, 'answers no request'],
])('refuses a folder with %j', (files, message) => {
  write(files);
  expect(() => SmokeTest.fromDirectory(folder)).toThrow(message);
});

function request(name: string, body = '{}'): GoldenRequest {
  return { name, body };
}

describe('answers', () => {
  const compare = (expected: string, received: string, absoluteTolerance = 0, relativeTolerance = 0): string[] =>
    compareAnswers(Buffer.from(expected), Buffer.from(received), { absoluteTolerance, relativeTolerance });

  test.each([
    ['{"a":1}', '{"a":1,"b":2}', 0, 0],
    ['[1.0, 2]', '[1.09,2]', 0.1, 0],
    ['[100]', '[101]', 0, 0.01],
    ['plain', 'plain', 0, 0],
    ['null', 'null', 0, 0],
  ])('%s is met by %s', (expected, received, absolute, relative) => {
    expect(compare(expected, received, absolute, relative)).toEqual([]);
  });

  test.each([
    ['{"a":{"b":[1,2]}}', '{"a":{"b":[1,3]}}', 'a.b[1]: expected 2, received 3'],
    ['{"a":1}', '{"b":1}', 'a: expected 1, received nothing'],
    ['[1,2]', '[1]', 'the answer: expected 2 entries, received 1'],
    ['"cat"', '"dog"', 'the answer: expected "cat", received "dog"'],
    ['[1]', 'no json', 'expected JSON, received no json'],
    ['plain', 'other', 'expected plain, received other'],
    ['{"a":1}', '{"a":null}', 'a: expected 1, received null'],
    ['{"constructor":1}', '{}', 'constructor: expected 1, received nothing'],
  ])('%s is not met by %s', (expected, received, difference) => {
    expect(compare(expected, received)).toEqual([difference]);
  });

  test('a number that is none is wrong, however wide the tolerance', () => {
    expect(compare('[1]', '["1"]', 100)).toHaveLength(1);
  });

  describe('that are explained', () => {
    const explained = (content_type: string, data: string): string =>
      JSON.stringify({ version: '1.0', predictions: { content_type, data }, explanations: {} });

    test.each([
      ['text/csv', '0.1,cat\n1e-5,dog', '0.1000001,cat\n0.00001,dog\n'],
      ['text/csv; charset=utf-8', '0.1\r\n', '0.1000001\r\n'],
      ['text/csv', '"a ""b"", c","0.1"', '"a ""b"", c", 0.1000001'],
      ['text/csv', 'nan,,1e999', 'nan,,1e999'],
      ['text/csv', 'a\rb', 'a\rb'],
      ['application/jsonlines', '{"p":[0.1]}\n"cat"', '{"p":[0.1000001],"q":1}\n"cat"\n'],
      ['application/jsonlines', 'NaN\n0.1', 'NaN\n0.1000001'],
      ['text/plain', '0.1', '0.1'],
    ])('as %s, %j is met by %j', (type, expected, received) => {
      expect(compare(explained(type, expected), explained(type, received), 1e-6)).toEqual([]);
    });

    test.each([
      ['text/csv', '0.1,0.2', '0.1,0.3', '[0][1]: expected 0.2 within 0.000001, received 0.3'],
      ['text/csv', '1\n2', '1', ': expected 2 entries, received 1'],
      ['text/csv', '1,2', '1', '[0]: expected 2 entries, received 1'],
      ['text/csv', '0,cat', '0,cow', '[0][1]: expected "cat", received "cow"'],
      ['text/csv', '0', '', '[0][0]: expected 0, received ""'],
      ['text/csv', '0', '0x0', '[0][0]: expected 0, received "0x0"'],
      ['text/csv', '1', '1\r2', ': expected [[1]], received "1\\r2"'],
      [
        'application/jsonlines',
        '{"p":1}\n{"p":2}',
        '{"p":1}\n{"p":3}',
        '[1].p: expected 2 within 0.000001, received 3',
      ],
      ['application/jsonlines', '1', 'NaN', '[0]: expected 1, received "NaN"'],
      ['text/plain', '0.1', '0.1000001', ': expected "0.1", received "0.1000001"'],
    ])('as %s, %j is not met by %j', (type, expected, received, difference) => {
      expect(compare(explained(type, expected), explained(type, received), 1e-6)).toEqual([
        `predictions.data${difference}`,
      ]);
    });

    test('the answer tells what the expected text is, if that does not', () => {
      const expected = JSON.stringify({ predictions: { data: '0.1' } });
      expect(compare(expected, explained('text/csv', '0.1000001'), 1e-6)).toEqual([]);
      expect(compare(expected, JSON.stringify({ predictions: { data: '0.1' } }))).toEqual([]);
      expect(compare(explained('text/csv', '1'), explained('application/jsonlines', '1'))).toEqual([
        'predictions.content_type: expected "text/csv", received "application/jsonlines"',
      ]);
    });
  });

  test('the report stays short', () => {
    expect(compare(JSON.stringify(Array(50).fill(1)), JSON.stringify(Array(50).fill(2)))).toHaveLength(3);
  });
});
