import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isBuilt, rememberBuilt } from '../../tools/build-stamp';

let root: string;
const names = ['plan', 'compress'];

const write = (path: string, content: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'modelpress-stamp-'));
  write('lambda/plan.ts', 'plan');
  write('node_modules/.package-lock.json', '{}');
  write('node_modules/sdk/index.js', 'sdk');
  write('dist/lambda/plan/index.js', 'bundle');
  const inputs = ['lambda/plan.ts', 'node_modules/sdk/index.js'];
  rememberBuilt(root, names, inputs, [join(root, 'dist/lambda/plan/index.js')]);
});
afterEach(() => rmSync(root, { recursive: true }));

test('what is as it was needs no building', () => {
  expect(isBuilt(root, names)).toBe(true);
});

test.each<[string, () => void]>([
  ['a source has changed', () => write('lambda/plan.ts', 'another plan')],
  ['a source is gone', () => rmSync(join(root, 'lambda/plan.ts'))],
  ['a bundle was edited', () => write('dist/lambda/plan/index.js', 'edited')],
  ['a bundle is gone', () => rmSync(join(root, 'dist/lambda/plan/index.js'))],
  ['npm installed something else', () => write('node_modules/.package-lock.json', '{"packages":{}}')],
  ['the compiler is told something else', () => write('tsconfig.json', '{}')],
  ['there is now a script that builds', () => write('tools/build.ts', 'build')],
  ['there is no stamp', () => rmSync(join(root, 'dist/built.json'))],
  [
    'the stamp is half a file',
    () => write('dist/built.json', readFileSync(join(root, 'dist/built.json'), 'utf8').slice(9)),
  ],
])('where %s, it is built again', (_, change) => {
  change();
  expect(isBuilt(root, names)).toBe(false);
});

test('where there is another handler, or one is gone, it is built again', () => {
  expect(isBuilt(root, [...names, 'another'])).toBe(false);
  expect(isBuilt(root, ['plan'])).toBe(false);
});
