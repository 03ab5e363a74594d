import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ClarifyExplainerConfig } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { Stack } from 'aws-cdk-lib';
import { createApp } from '../../bin/app';
import { ReleaseSpecification } from '../../lambda/release/release-specification';
import { findExample, readSamples } from '../../local/loop/examples';
import { formatPredictions, predict } from '../../local/loop/predictions';
import { definitionOf } from '../lib/support/definition';
import { explain, predictionsOf } from '../local/sagemaker/explained-models';
import { TestSageMaker } from '../local/sagemaker/test-sagemaker';

const example = findExample('recommender');
const folder = mkdtempSync(join(tmpdir(), 'modelpress-explained-'));

let sageMaker: TestSageMaker;
let explainer: ClarifyExplainerConfig;
let endpoint: string;
beforeAll(async () => {
  sageMaker = await TestSageMaker.start();
  explainer = deployedExplainer();
  const args = [join(example.folder, 'training/train.py'), '--epochs', '1', '--dimensions', '4', '--model-dir', folder];
  await promisify(execFile)(sageMaker.python, args);
  const script = readFileSync(join(example.folder, 'serving/inference.py'), 'utf8');
  const config = await sageMaker.config(
    'films',
    script,
    {},
    { ExplainerConfig: { ClarifyExplainerConfig: explainer } },
  );
  await sageMaker.put(`artifacts/${config}/model.tflite`, readFileSync(join(folder, 'model.tflite')));
  endpoint = await sageMaker.endpoint(config);
}, 120_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await sageMaker.close();
});

/** As the example's stack gives it to releases. */
function deployedExplainer(): ClarifyExplainerConfig {
  const stack = createApp({ MODELPRESS_EXAMPLE: example.name }).node.children.find(Stack.isStack)!;
  const { specification } = definitionOf(stack, 'ReleaseMachine').States.Release.Parameters;
  const { endpointConfig } = specification as unknown as ReleaseSpecification;
  return endpointConfig!.ExplainerConfig!.ClarifyExplainerConfig!;
}

test('user and film account for how far each answer is from that about anybody and any film', async () => {
  const samples = await readSamples(example, sageMaker.python, 5);
  expect(samples.every(({ contentType }) => contentType === 'text/csv')).toBe(true);
  const predictions = await predict({ runtime: sageMaker.runtime, sageMaker: sageMaker.client }, endpoint, samples);
  const baseline = explainer.ShapConfig!.ShapBaselineConfig!.ShapBaseline!;
  const ofBaseline = predictionsOf(await explain(sageMaker, endpoint, baseline, { EnableExplanations: '`false`' }));
  const mean = ['disliked', 'liked'].map((label, index) => ({
    label,
    share: ofBaseline.reduce((sum, row) => sum + row[index], 0) / ofBaseline.length,
  }));
  for (const { predicted, confidence, attributions } of predictions) {
    expect(attributions!.map(({ feature }) => feature)).toEqual(['user', 'film']);
    const moved = attributions!.reduce((sum, { value }) => sum + value, 0);
    // The script answers with six digits.
    expect(moved).toBeCloseTo(confidence - mean.find(({ label }) => label === predicted)!.share, 5);
  }
  // One epoch tells users apart, and films.
  for (const feature of [0, 1])
    expect(new Set(predictions.map(({ attributions }) => attributions![feature].value)).size).toBe(5);
  expect(formatPredictions(predictions).split('\n')[0]).toMatch(/^ *label +predicted +confidence +user +film +time$/);
});

const OWN = { name: 'ModelError', OriginalStatusCode: 400 };
const OF_EXPLAINER = { name: 'ValidationError' };

test.each([
  ['no number', '7,up', OWN],
  ['half a film', '7,9.5', OWN],
  ['a user who is not known', '3000,9', OWN],
  ['no pair', '7', OF_EXPLAINER],
])('%s in CSV is the mistake of who asks', async (_, body, error) => {
  const asked = sageMaker.runtime.send(
    new InvokeEndpointCommand({ EndpointName: endpoint, ContentType: 'text/csv', Accept: 'text/csv', Body: body }),
  );
  await expect(asked).rejects.toMatchObject(error);
});

test('without an explainer before it, the script refuses what is no text or no CSV itself', async () => {
  const program = `
import inference
for body in [b"\\xff\\xfe", b"7," + b"9" * 200_000, b""]:
    try:
        inference.input_fn(body, "text/csv")
    except inference.BadRequest as error:
        print(error.status_code, error)
`;
  const { stdout } = await promisify(execFile)(sageMaker.python, ['-B', '-c', program], {
    cwd: join(example.folder, 'serving'),
  });
  const refused = /^400 the body is not lines of a user and a film such as 7,9: ./;
  expect(stdout.trim().split('\n')).toEqual(Array(3).fill(expect.stringMatching(refused)));
});
