import { resolve } from 'node:path';
import { parseOptions, UsageError } from '../../../local/loop/options';
import { findExample } from '../../../local/loop/examples';

const root = resolve(__dirname, '../../..');

describe('parseOptions', () => {
  test('has defaults for everything', () => {
    expect(parseOptions([], root)).toEqual({
      recipe: undefined,
      prune: undefined,
      example: 'tensorflow-digits',
      settings: {},
      keep: false,
      port: undefined,
      reset: false,
      stateDir: resolve(root, '.modelpress'),
    });
  });

  test('takes every option', () => {
    expect(
      parseOptions(
        [
          '--recipe',
          'fp16',
          '--prune=0.5',
          '--example',
          'x',
          '--keep',
          '--port',
          '8080',
          '--reset',
          '--state-dir',
          '/s',
          '--set',
          'a=c=d',
        ],
        root,
      ),
    ).toEqual({
      recipe: 'fp16',
      prune: '0.5',
      example: 'x',
      settings: { a: 'c=d' },
      keep: true,
      port: 8080,
      reset: true,
      stateDir: '/s',
    });
  });

  test('help wins', () => expect(parseOptions(['--help', '--keep'], root)).toBe('help'));

  test.each([
    [['--recipe', 'int7'], /method must be one of .*received: "int7"/],
    [['--recipe', 'none'], /does nothing/],
    [['--prune', '1'], /--prune must be a share.*received: 1/],
    [['--prune', '0.5x'], /received: 0\.5x/],
    [['--prune', '-0.5'], /--prune/],
    [['--port', '0'], /--port must be a number from 1 to 65535, received: 0/],
    [['--port', '8e3'], /received: 8e3/],
    [['--set', 'a'], /--set must be name=value, received: a/],
    [['--turbo'], /--turbo/],
    [['stray'], /stray/],
  ])('refuses %j', (args, reason) => {
    expect(() => parseOptions(args, root)).toThrow(UsageError);
    expect(() => parseOptions(args, root)).toThrow(reason);
  });

  test('an example must exist', () => {
    expect(() => findExample('constructor')).toThrow(
      /--example must be one of .*tensorflow-digits.*received: constructor/,
    );
  });
});
