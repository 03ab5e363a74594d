import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { testPython } from '../support/python';

const folder = mkdtempSync(join(tmpdir(), 'modelpress-ranking-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let seen: Record<string, unknown>;
beforeAll(async () => {
  const args = [join(__dirname, 'recommender_ranking.py'), resolve(__dirname, '../../examples/recommender'), folder];
  seen = JSON.parse((await promisify(execFile)(testPython(), args)).stdout) as Record<string, unknown>;
});

test('each user gets a film that was liked and held out, and 99 others that the user has not rated', () => {
  expect(seen).toMatchObject({ users: 1000, shape: [1000, 100], liked: true, unrated: true, distinct: true });
});

test('hit rate and NDCG follow the place of the liked film', () => {
  expect(seen.best).toEqual({ hit_rate_at_10: 1, ndcg_at_10: 1 });
  // The third place of every second user counts 1 / log2(3 + 1), the eleventh of the others nothing.
  expect(seen.half).toEqual({ hit_rate_at_10: 0.5, ndcg_at_10: 0.25 });
});

test('a model that cannot tell films apart hits nothing', () => {
  expect(seen.constant).toEqual({ hit_rate_at_10: 0, ndcg_at_10: 0 });
});
