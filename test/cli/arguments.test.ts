import { readArguments } from '../../cli/arguments';

const failure = (argv: string[]) => {
  try {
    return JSON.stringify(readArguments(argv));
  } catch (error) {
    return (error as Error).message;
  }
};

describe('command line', () => {
  test('compress takes two places and a recipe', () => {
    const command = readArguments([
      'compress',
      'a',
      's3://bucket/b/',
      '--recipe',
      'w4a16',
      '--mode',
      'exact',
      '--prune',
      '0.5',
      '--group-size',
      '64',
      '--quant-format',
      'QDQ',
      '--ignore',
      'x',
      '--ignore',
      're:y',
      '--override',
      're:a=b=fp8',
      '--jobs',
      '3',
      '--json',
    ]);
    expect(command).toEqual({
      name: 'compress',
      source: 'a',
      destination: 's3://bucket/b/',
      jobs: 3,
      json: true,
      recipe: {
        method: 'w4a16',
        mode: 'exact',
        prune: 0.5,
        groupSize: 64,
        quantFormat: 'QDQ',
        ignore: ['x', 're:y'],
        overrides: [{ match: 're:a=b', method: 'fp8' }],
      },
    });
  });

  test('pruning alone is a recipe, and best is the default', () => {
    expect(readArguments(['compress', 'a', 'b', '--prune', '2:4'])).toMatchObject({
      recipe: { method: 'none', mode: 'best', prune: '2:4' },
    });
    expect(readArguments(['inspect', 'a'])).toEqual({ name: 'inspect', source: 'a', recipe: undefined, json: false });
  });

  test.each([
    [[], /a command is missing/],
    [['shrink', 'a'], /unknown command: shrink/],
    [['compress', 'a', '--recipe', 'fp8'], /a source and a destination, received 1 place\b/],
    [['compress', 'a', 'b'], /needs --recipe/],
    [['compress', 'a', 'b', '--recipe', 'zip'], /recipe method must be one of .*received: "zip"/],
    [['compress', 'a', 'b', '--recipe', 'fp8', '--mode', 'fast'], /mode must be "exact" or "best"/],
    [['compress', 'a', 'b', '--recipe', 'fp8', '--prune', 'x'], /prune must be a share/],
    [['compress', 'a', 'b', '--recipe', 'w4a16', '--group-size', '10'], /groupSize must be a multiple of 16/],
    [['compress', 'a', 'b', '--recipe', 'w4a16', '--quant-format', 'qdq'], /quantFormat must be "QOperator" or "QDQ"/],
    [['inspect', 'a', '--quant-format', 'QDQ'], /--quant-format needs --recipe/],
    [['compress', 'a', 'b', '--recipe', 'w4a16', '--ignore', 're:('], /not a regular expression/],
    [['compress', 'a', 'b', '--recipe', 'w4a16', '--override', 'x'], /--override must be <pattern>=<method>/],
    [['compress', 'a', 'b', '--recipe', 'fp8', '--jobs', '0'], /--jobs must be a whole number/],
    [['compress', 'a', 'b', '--recipe', 'fp8', '--fast'], /--fast/],
    [['inspect', 'a', '--mode', 'exact'], /--mode needs --recipe/],
    [['inspect', 'a', 'b'], /inspect takes one source/],
  ])('%j is refused', (argv, message) => {
    expect(failure(argv)).toMatch(message);
  });

  test('commands for a pipeline take the stack that holds it', () => {
    expect(readArguments(['run', '--stack', 's', '--source', 's3://bucket/model', '--wait'])).toEqual({
      name: 'run',
      stack: 's',
      model: undefined,
      json: false,
      input: { source: 's3://bucket/model/' },
      wait: true,
    });
    expect(readArguments(['run', '--stack', 's', '--if-changed'])).toMatchObject({ input: { ifChanged: true } });
    expect(readArguments(['run', '--stack', 's'])).toMatchObject({ input: {}, wait: false });
    expect(readArguments(['release', 'b', '--stack', 's', '--model', 'm'])).toMatchObject({ what: 'b', model: 'm' });
    expect(readArguments(['history', '--stack', 's', '--json'])).toMatchObject({ limit: 20, json: true });
  });

  test.each([
    [['status'], 'status needs --stack <name>'],
    [['status', 'x', '--stack', 's'], 'status takes options only, received: x'],
    [['status', '--stack', 's', '--wait'], 'status takes no --wait'],
    [['status', '--stack', 's', '--recipe', 'int8'], 'status takes no --recipe'],
    [['run', '--stack', 's', '--source', 'folder'], '--source must be s3://bucket/prefix/, received: folder'],
    [['run', '--stack', 's', '--source', 's3://b/m/', '--if-changed'], 'exclude each other'],
    [['release', '--stack', 's'], 'release takes the name of a build or the address of an artifact'],
    [['history', '--stack', 's', '--limit', '0'], '--limit must be a whole number from 1 to 1000, received: 0'],
    [['inspect', 'a', '--stack', 's'], '--stack is for run, status, release and history'],
  ])('%j is refused', (argv, message) => {
    expect(failure(argv)).toContain(message);
  });
});
