import {
  ClarifyShapBaselineConfig,
  CreateEndpointConfigCommand,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { attributionsOf, explain, explainedConfig, explainerOf, TEXT_SCRIPT } from './explained-models';
import { BUCKET, TestSageMaker } from './test-sagemaker';

/** tanh(x) + tanh(y), twice and negative once for three classes. */
const LINEAR = {
  output: 'linear',
  layers: [
    [
      [
        [1, 0],
        [0, 1],
      ],
      [0, 0],
    ],
    [[[1], [1]], [0]],
  ],
};
const CLASSES = {
  ...LINEAR,
  output: 'softmax',
  layers: [
    LINEAR.layers[0],
    [
      [
        [1, 0, -1],
        [0, 1, 0],
      ],
      [0, 0, 0],
    ],
  ],
};
const HEADERS = ['age', 'income'];

let sageMaker: TestSageMaker;
beforeAll(async () => (sageMaker = await TestSageMaker.start()));
afterAll(() => sageMaker.close());

const serve = async (...given: [object, Parameters<typeof explainerOf>[1]?]): Promise<string> =>
  sageMaker.endpoint(await explainedConfig(sageMaker, given[0], explainerOf([[0, 0]], given[1])));

test('answers have the shape of AWS, and each request may say which of its records are explained', async () => {
  const more = { EnableExplanations: '[0] > `1.2`', InferenceConfig: { FeatureHeaders: HEADERS } };
  const name = await serve(LINEAR, more);
  const [one, two] = [Math.tanh(1), Math.tanh(2)];
  const close = (value: number): number => expect.closeTo(value, 12) as number;
  expect(await explain(sageMaker, name, '0,1\n1,2\n2,1\n')).toEqual({
    version: '1.0',
    predictions: { content_type: 'text/csv', data: `${one}\n${one + two}\n${two + one}` },
    explanations: {
      kernel_shap: [
        null,
        [
          { attributions: [{ attribution: [close(one)] }], feature_header: 'age' },
          { attributions: [{ attribution: [close(two)] }], feature_header: 'income' },
        ],
        [
          { attributions: [{ attribution: [close(two)] }], feature_header: 'age' },
          { attributions: [{ attribution: [close(one)] }], feature_header: 'income' },
        ],
      ],
    },
  });
  expect((await explain(sageMaker, name, '0,1')).explanations).toEqual({});
  const all = await explain(sageMaker, name, '0,1\n1,2', { EnableExplanations: '`true`' });
  expect(all.explanations.kernel_shap!.map((entry) => entry?.length)).toEqual([2, 2]);
  const described = await sageMaker.describe(name);
  expect(described.ExplainerConfig).toMatchObject({ ClarifyExplainerConfig: more });
});

test('a baseline in S3 explains as the same one written into the config', async () => {
  const records = '0,0\n0.5,-1\n2,1\n';
  await sageMaker.put('baseline.csv', records);
  const explained = async (ShapBaselineConfig: ClarifyShapBaselineConfig): Promise<unknown> => {
    const explainer = { ShapConfig: { ShapBaselineConfig } };
    const name = await sageMaker.endpoint(await explainedConfig(sageMaker, CLASSES, explainer));
    return explain(sageMaker, name, '1,0\n-2,0.5');
  };
  const [inline, stored, other] = await Promise.all([
    explained({ MimeType: 'text/csv', ShapBaseline: records }),
    explained({ MimeType: 'text/csv', ShapBaselineUri: `s3://${BUCKET}/baseline.csv` }),
    explained({ MimeType: 'text/csv', ShapBaseline: '0,0' }),
  ]);
  expect(stored).toEqual(inline);
  expect(other).not.toEqual(inline);
});

test('every class has its attribution, under the names that are given', async () => {
  const name = await serve(CLASSES, { InferenceConfig: { LabelHeaders: ['low', 'middle', 'high'] } });
  const answer = await explain(sageMaker, name, '1,0');
  expect(answer.label_headers).toEqual(['low', 'middle', 'high']);
  const [first, second] = attributionsOf(answer);
  const [up, , down] = [Math.tanh(1), 0, -Math.tanh(1)].map(Math.exp);
  const all = up + 1 + down;
  [up / all, 1 / all, down / all].forEach((share, output) => expect(first[output]).toBeCloseTo(share - 1 / 3, 12));
  expect(second).toEqual([0, 0, 0]);
});

test('JSON Lines go in and come out, with a baseline of JSON Lines in S3', async () => {
  await sageMaker.put('baseline.jsonl', '{"features":[0,0]}\n{"features":[0,2]}\n');
  const inference = {
    FeaturesAttribute: 'features',
    ContentTemplate: '{"features":$features}',
    ProbabilityAttribute: 'score',
    LabelAttribute: 'labels',
  };
  const explainer = {
    EnableExplanations: 'score > `0`',
    InferenceConfig: inference,
    ShapConfig: {
      ShapBaselineConfig: { MimeType: 'application/jsonlines', ShapBaselineUri: `s3://${BUCKET}/baseline.jsonl` },
    },
  };
  const name = await sageMaker.endpoint(await explainedConfig(sageMaker, LINEAR, explainer));
  const lines = { ContentType: 'application/jsonlines', Accept: 'application/jsonlines' };
  const answer = await explain(sageMaker, name, '{"features":[1,1]}\n{"features":[-1,0]}', lines);
  expect(answer.predictions).toEqual({
    content_type: 'application/jsonlines',
    data: expect.stringMatching(/^{"labels": \["yes"\], "score": 1\.5.*}\n{.*}$/) as string,
  });
  expect(answer.label_headers).toEqual(['yes']);
  const [age, income] = attributionsOf(answer).flat();
  expect(age).toBeCloseTo(Math.tanh(1), 12);
  expect(income).toBeCloseTo(Math.tanh(1) - Math.tanh(2) / 2, 12);
  expect(answer.explanations.kernel_shap![1]).toBeNull();
});

test.each([
  ['token', ['A', 'good', ',', 'bad', 'film', '!', 'Very', 'good'], [0, 0.25, 0, -0.125, 0, 0, 0, 0.25]],
  ['sentence', ['A good, bad film!', 'Very good'], [0.125, 0.25]],
  ['paragraph', ['A good, bad film! Very good'], [0.375]],
] as const)('a text is explained by its parts, each a %s, beside a number', async (Granularity, parts, values) => {
  const more = {
    InferenceConfig: { FeatureHeaders: ['review', 'stars'] },
    shap: { TextConfig: { Language: 'en', Granularity } } as const,
  };
  const explainer = explainerOf([['<MASK>', 0]], more);
  const config = await explainedConfig(sageMaker, {}, explainer, TEXT_SCRIPT);
  const answer = await explain(sageMaker, await sageMaker.endpoint(config), '"A good, bad film! Very good",4');
  const [review, stars] = answer.explanations.kernel_shap![0]!;
  const starts = { token: [0, 2, 6, 8, 12, 16, 18, 23], sentence: [0, 18], paragraph: [0] }[Granularity];
  expect(review.attributions.map(({ description }) => description)).toEqual(
    parts.map((part, index) => ({ partial_text: part, start_idx: starts[index] })),
  );
  review.attributions.forEach(({ attribution }, index) => expect(attribution[0]).toBeCloseTo(values[index], 12));
  expect(review).toMatchObject({ feature_header: 'review', feature_type: 'text' });
  expect(stars.attributions[0].attribution[0]).toBeCloseTo(0.04, 12);
  expect(stars.feature_type).toBe('numerical');
});

test('the model gets as many records at once as is configured, otherwise as many as it takes', async () => {
  const serveLimited = (limit: number, MaxRecordCount?: number): Promise<string> =>
    serve({ ...CLASSES, limit }, { InferenceConfig: { MaxRecordCount } });
  const [fits, adapts, exceeds] = await Promise.all([serveLimited(2, 2), serveLimited(1), serveLimited(2, 3)]);
  const found = attributionsOf(await explain(sageMaker, fits, '1,2'));
  expect(attributionsOf(await explain(sageMaker, adapts, '1,2'))).toEqual(found);
  await expect(explain(sageMaker, exceeds, '1,2')).rejects.toMatchObject({
    name: 'ModelError',
    OriginalStatusCode: 413,
    OriginalMessage: '3 records are too many',
  });
});

test('what a caller does wrong is told as that, and what the model does wrong as that', async () => {
  const name = await serve(LINEAR, { InferenceConfig: { ProbabilityIndex: 1 } });
  const refused = async (body: string, more: object, name_: string, message: string): Promise<void> => {
    const error = await explain(sageMaker, name, body, more).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name: name_, message: expect.stringContaining(message) as string });
  };
  const wrong = 'ValidationError';
  await refused('1,2', { EnableExplanations: '[0' }, wrong, 'EnableExplanations is not a valid JMESPath expression');
  await refused('1,2', { EnableExplanations: '[0]' }, wrong, 'must be true or false for every record');
  await refused('1,2', { EnableExplanations: 'x'.repeat(65) }, wrong, 'must have 1 to 64 characters, received: 65');
  await refused('1,2', { EnableExplanations: 'nothing(@)' }, wrong, 'EnableExplanations cannot be evaluated');
  await refused('[1,2]', { ContentType: 'application/json' }, wrong, 'takes text/csv and application/jsonlines');
  await refused('1,2,3', {}, wrong, 'has 3 features, and one of the SHAP baseline has 2');
  await refused('1,2\n3', {}, wrong, 'record 2 of the request has 1 features, and the first has 2');
  await refused('', {}, wrong, 'the request has no record');
  await refused('1,x', {}, 'ModelError', 'Received server error (500) from primary with message "could not convert');
  await refused('1,2', {}, 'ModelError', 'from explainer with message "InferenceConfig.ProbabilityIndex is 1, and');
  await refused(
    '1,2',
    { Accept: 'application/json' },
    'ModelError',
    'must answer in text/csv or application/jsonlines',
  );
  const plain = await sageMaker.endpoint(await sageMaker.config('plain'));
  const ask = new InvokeEndpointCommand({ EndpointName: plain, EnableExplanations: '`true`', Body: '{}' });
  await expect(sageMaker.runtime.send(ask)).rejects.toMatchObject({
    name: wrong,
    message: expect.stringContaining('needs an endpoint whose config has an ExplainerConfig') as string,
  });
});

test('a config that cannot be is refused, and an endpoint that cannot explain is not created', async () => {
  const base = explainerOf([[0, 0]]);
  const failed = async (explainer: object, message: string): Promise<void> => {
    const config = await explainedConfig(sageMaker, LINEAR, { ...base, ...explainer });
    const { EndpointStatus, FailureReason } = await sageMaker.describe(await sageMaker.endpoint(config));
    expect([EndpointStatus, FailureReason]).toEqual(['Failed', expect.stringContaining(message)]);
  };
  const gone = { ShapBaselineConfig: { ShapBaselineUri: `s3://${BUCKET}/gone.csv` } };
  await Promise.all([
    failed({ EnableExplanations: '[0' }, 'EnableExplanations is not a valid JMESPath expression, received: [0'),
    failed({ InferenceConfig: { FeatureHeaders: ['age'] } }, 'FeatureHeaders has 1 entries, and a record of the SHAP'),
    failed({ ShapConfig: gone }, 'Failed to download the SHAP baseline for production variant AllTraffic'),
  ]);
  const refused = async (changes: object, message: string): Promise<void> => {
    const command = new CreateEndpointConfigCommand({
      EndpointConfigName: 'refused',
      ProductionVariants: [
        { VariantName: 'A', ModelName: 'config-1', InitialInstanceCount: 1, InstanceType: 'ml.m5.large' },
      ],
      ...changes,
    });
    await expect(sageMaker.client.send(command)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(message) as string,
    });
  };
  const clarify = (explainer: object): object => ({ ExplainerConfig: { ClarifyExplainerConfig: explainer } });
  await refused(clarify({}), "'explainerConfig.clarifyExplainerConfig.shapConfig' failed to satisfy constraint");
  await refused(clarify({ ShapConfig: { ShapBaselineConfig: {} } }), 'exactly one of ShapBaseline and ShapBaselineUri');
  const types = { InferenceConfig: { FeatureTypes: ['numerical', 'categorical'] } };
  await refused(clarify({ ...base, ...types }), 'FeatureTypes must have at least one text');
  const later = { AsyncInferenceConfig: { OutputConfig: { S3OutputPath: `s3://${BUCKET}/answers/` } } };
  await refused({ ...clarify(base), ...later }, 'mutually exclusive');
});

test('an update from one explained model to another loses no explanation', async () => {
  const [first, second] = [LINEAR, { ...LINEAR, layers: [LINEAR.layers[0], [[[2], [2]], [0]]] }].map((model) =>
    explainedConfig(sageMaker, model, explainerOf([[0, 0]])),
  );
  const name = await sageMaker.endpoint(await first);
  let isGoing = true;
  const values: number[] = [];
  const asking = (async () => {
    while (isGoing) values.push(attributionsOf(await explain(sageMaker, name, '1,2'))[0][0]);
  })();
  await sageMaker.client.send(new UpdateEndpointCommand({ EndpointName: name, EndpointConfigName: await second }));
  await sageMaker.settled(name);
  const settled = values.length;
  while (values.length < settled + 2) await explain(sageMaker, name, '1,2');
  isGoing = false;
  await asking;
  expect(new Set(values.map((value) => value.toFixed(9)))).toEqual(
    new Set([Math.tanh(1).toFixed(9), (2 * Math.tanh(1)).toFixed(9)]),
  );
  expect(values.at(-1)).toBeCloseTo(2 * Math.tanh(1), 9);
});
