import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attributionsOf, explain, explainedConfig, explainerOf, predictionsOf } from './explained-models';
import { TestSageMaker } from './test-sagemaker';

const FOLDER = join(__dirname, '../../golden/shap');

interface Golden {
  readonly network: object;
  readonly baseline: number[][];
  readonly record: number[];
  readonly link: 'identity' | 'logit';
  readonly values: number[][];
  readonly sampled?: { samples: number; values: number[][] };
}

let sageMaker: TestSageMaker;
beforeAll(async () => (sageMaker = await TestSageMaker.start()));
afterAll(() => sageMaker.close());

const golden = (file: string): Golden => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Golden;
const farthest = (one: number[][], other: number[][]): number =>
  Math.max(...one.flatMap((row, feature) => row.map((value, output) => Math.abs(value - other[feature][output]))));
const column = (rows: number[][], output: number): number[] => rows.map((row) => row[output]);
const sum = (values: number[]): number => values.reduce((all, value) => all + value, 0);

/** What the attributions of each output must add up to, from what the endpoint predicts without explaining. */
async function totals(endpoint: string, { baseline, record, link }: Golden): Promise<number[]> {
  const body = [record, ...baseline].map((row) => row.join(',')).join('\n');
  const [own, ...others] = predictionsOf(await explain(sageMaker, endpoint, body, { EnableExplanations: '`false`' }));
  const linked = (value: number): number => (link === 'logit' ? Math.log(value / (1 - value)) : value);
  return own.map((value, output) => linked(value) - linked(sum(column(others, output)) / others.length));
}

test.each(readdirSync(FOLDER))('%s has the SHAP values of the package shap', async (file) => {
  const example = golden(file);
  const { network, baseline, record, link, values } = example;
  const shap = { NumberOfSamples: 2 ** 14, UseLogit: link === 'logit' };
  const config = await explainedConfig(sageMaker, network, explainerOf(baseline, { shap }));
  const endpoint = await sageMaker.endpoint(config);
  const found = attributionsOf(await explain(sageMaker, endpoint, record.join(',')));
  expect(farthest(found, values)).toBeLessThan(1e-12);
  const wanted = await totals(endpoint, example);
  wanted.forEach((total, output) => expect(sum(column(found, output))).toBeCloseTo(total, 12));
});

test('fewer samples are as near as the package gets with as many, add up, and repeat with a seed', async () => {
  const example = golden('many-features.json');
  const { network, baseline, record, values, sampled } = example;
  const shap = { NumberOfSamples: sampled!.samples, Seed: 3 };
  const config = await explainedConfig(sageMaker, network, explainerOf(baseline, { shap }));
  const endpoint = await sageMaker.endpoint(config);
  const found = attributionsOf(await explain(sageMaker, endpoint, record.join(',')));
  // Both are drawn at random. Over many draws the errors of the two are the same; of a single one, within twice.
  expect(farthest(found, values)).toBeLessThan(2 * farthest(sampled!.values, values));
  expect(farthest(found, values)).toBeGreaterThan(1e-6);
  const [total] = await totals(endpoint, example);
  expect(sum(column(found, 0))).toBeCloseTo(total, 12);
  expect(attributionsOf(await explain(sageMaker, endpoint, record.join(',')))).toEqual(found);
});
