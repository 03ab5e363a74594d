import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, IBucket } from 'aws-cdk-lib/aws-s3';
import { ModelPipeline, ShapExplainer, ShapFeatureType, ShapTextGranularity } from '../../lib';
import { check } from '../../local/sagemaker/api/shapes';
import { EXPLAINER_CONFIG, validateExplainer } from '../../local/sagemaker/endpoints/explainer-config';
import { definitionOf } from './support/definition';
import { newStack, pipelineProps } from './support/pipelines';

function synthesize(explainer: ShapExplainer): object {
  const stack = newStack();
  const props = pipelineProps();
  new ModelPipeline(stack, 'Pipeline', { ...props, endpoint: { ...props.endpoint, explainer } });
  const { specification } = definitionOf(stack, 'ReleaseMachine').States.Release.Parameters;
  return specification.endpointConfig.ExplainerConfig;
}

const { NUMERICAL, TEXT } = ShapFeatureType;

test.each<[string, ShapExplainer, object]>([
  [
    'no more than a baseline',
    { baseline: '0,0' },
    { ShapConfig: { ShapBaselineConfig: { MimeType: 'text/csv', ShapBaseline: '0,0' } } },
  ],
  [
    'a table in CSV',
    {
      baseline: '0,0',
      numberOfSamples: 100,
      enableExplanations: '`true`',
      featureHeaders: ['age', 'name'],
      probabilityIndex: 1,
      labelIndex: 0,
      labelHeaders: ['no', 'yes'],
      maxRecordCount: 10,
      maxPayloadInMb: 2,
      useLogit: true,
      seed: 1,
    },
    {
      EnableExplanations: '`true`',
      InferenceConfig: {
        MaxRecordCount: 10,
        MaxPayloadInMB: 2,
        ProbabilityIndex: 1,
        LabelIndex: 0,
        LabelHeaders: ['no', 'yes'],
        FeatureHeaders: ['age', 'name'],
      },
      ShapConfig: {
        ShapBaselineConfig: { MimeType: 'text/csv', ShapBaseline: '0,0' },
        NumberOfSamples: 100,
        UseLogit: true,
        Seed: 1,
      },
    },
  ],
  [
    'a text in JSON Lines',
    {
      baseline: '{"f":["<MASK>",0]}',
      baselineMimeType: 'application/jsonlines',
      featuresAttribute: 'f',
      contentTemplate: '{"f":$features}',
      probabilityAttribute: 'p',
      labelAttribute: 'l',
      featureTypes: [TEXT, NUMERICAL],
      textGranularity: ShapTextGranularity.SENTENCE,
    },
    {
      InferenceConfig: {
        FeaturesAttribute: 'f',
        ContentTemplate: '{"f":$features}',
        ProbabilityAttribute: 'p',
        LabelAttribute: 'l',
        FeatureTypes: ['text', 'numerical'],
      },
      ShapConfig: {
        ShapBaselineConfig: { MimeType: 'application/jsonlines', ShapBaseline: '{"f":["<MASK>",0]}' },
        TextConfig: { Granularity: 'sentence', Language: 'en' },
      },
    },
  ],
])('explains %s, in a config that the local SageMaker takes', (_, explainer, rendered) => {
  const config = synthesize(explainer);
  expect(config).toEqual({ ClarifyExplainerConfig: rendered });
  check(config, EXPLAINER_CONFIG);
  validateExplainer({ EndpointConfigName: 'e', ProductionVariants: [], ExplainerConfig: config });
});

interface Policy {
  readonly PolicyDocument: { readonly Statement: { readonly Action: string | string[]; readonly Resource: unknown }[] };
}

describe('a baseline in S3', () => {
  const synthesizeObject = (bucket: (stack: Stack) => IBucket, key = 'shap/irises.csv'): [Stack, object] => {
    const stack = newStack();
    const props = pipelineProps();
    const explainer = { baselineObject: { bucket: bucket(stack), key } };
    new ModelPipeline(stack, 'Pipeline', { ...props, endpoint: { ...props.endpoint, explainer } });
    return [stack, definitionOf(stack, 'ReleaseMachine').States.Release.Parameters.specification.endpointConfig];
  };
  const named = (stack: Stack): IBucket => Bucket.fromBucketName(stack, 'Baselines', 'baselines');

  test('is named by its address, in a config that the local SageMaker takes', () => {
    const [, { ExplainerConfig: config }] = synthesizeObject(named) as [Stack, { ExplainerConfig: object }];
    expect(config).toEqual({
      ClarifyExplainerConfig: {
        ShapConfig: {
          ShapBaselineConfig: { MimeType: 'text/csv', ShapBaselineUri: 's3://baselines/shap/irises.csv' },
        },
      },
    });
    check(config, EXPLAINER_CONFIG);
    validateExplainer({ EndpointConfigName: 'e', ProductionVariants: [], ExplainerConfig: config });
  });

  test('may be read by the role that the endpoint runs with: the one object, with its key', () => {
    const [stack] = synthesizeObject((scope) => {
      const encryptionKey = Key.fromKeyArn(scope, 'Key', 'arn:aws:kms:us-east-1:111122223333:key/baselines');
      return Bucket.fromBucketAttributes(scope, 'Baselines', { bucketName: 'baselines', encryptionKey });
    });
    const policies = Template.fromStack(stack).findResources('AWS::IAM::Policy', {
      Properties: { Roles: [{ Ref: Match.stringLikeRegexp('HostingRole') }] },
    });
    const [{ Properties: policy }] = Object.values(policies) as { Properties: Policy }[];
    const allowed = (action: string): unknown[] =>
      policy.PolicyDocument.Statement.filter(({ Action }) => [Action].flat().includes(action)).flatMap(
        ({ Resource }) => Resource,
      );
    expect(allowed('s3:GetObject')).toContainEqual({
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':s3:::baselines/shap/irises.csv']],
    });
    expect(JSON.stringify(policy).match(/:s3:::baselines[^"]*/g)).toEqual([':s3:::baselines/shap/irises.csv']);
    expect(allowed('kms:Decrypt')).toContain('arn:aws:kms:us-east-1:111122223333:key/baselines');
  });

  test.each([
    ['', 'explainer.baselineObject.key must have 1 to 900 characters, received: 0'],
    ['x'.repeat(901), 'explainer.baselineObject.key must have 1 to 900 characters, received: 901'],
    ['shap/', 'must be the key of one object'],
    ['/shap.csv', 'must be the key of one object'],
    ['shap/*.csv', 'without spaces, * and ?, and no slash at either end, received: shap/*.csv'],
  ])('is refused under the key "%s"', (key, message) => {
    expect(() => synthesizeObject(named, key)).toThrow(message);
  });

  test('is refused beside one that is written out', () => {
    const bucket = named(newStack());
    expect(() => synthesize({ baseline: '0', baselineObject: { bucket, key: 'b.csv' } })).toThrow(
      'explainer needs exactly one of baseline and baselineObject, received: baseline and baselineObject',
    );
  });
});

test('a baseline there must be', () => {
  expect(() => synthesize({ seed: 1 })).toThrow(
    'explainer needs exactly one of baseline and baselineObject, received: none',
  );
});

test.each<[string, Partial<ShapExplainer>, string]>([
  ['no baseline', { baseline: '' }, 'explainer.baseline must have 1 to 4096 characters, received: 0'],
  ['JSON as a baseline', { baselineMimeType: 'application/json' }, 'must be text/csv or application/jsonlines'],
  ['unequal features', { featureHeaders: ['a'], featureTypes: [TEXT, TEXT] }, 'equally many, received: 1 and 2'],
  [
    'types without a text',
    { featureTypes: [NUMERICAL] },
    'must have at least one, received: numerical; leave them out',
  ],
  ['a text as a whole', { featureTypes: [TEXT] }, 'need textGranularity'],
  ['a language of nothing', { textLanguage: 'de' }, 'explainer.textLanguage needs textGranularity'],
  ['a long expression', { enableExplanations: 'x'.repeat(65) }, 'must have 1 to 64 characters, received: 65'],
  ['a name for nothing', { labelHeaders: [] }, 'explainer.labelHeaders must have 1 to 16 entries, received: 0'],
  ['a template of nothing', { contentTemplate: '{}' }, 'must have $features where the list of features belongs'],
  ['records that are only read', { featuresAttribute: 'f' }, 'explainer.featuresAttribute needs contentTemplate'],
  ['no records', { maxRecordCount: 0 }, 'explainer.maxRecordCount must be a whole number from 1'],
  ['large requests', { maxPayloadInMb: 26 }, 'explainer.maxPayloadInMb must be a whole number from 1 to 25'],
  ['a column before the first', { probabilityIndex: -1 }, 'explainer.probabilityIndex must be a whole number from 0'],
])('refuses %s', (_, changes, message) => {
  expect(() => synthesize({ baseline: '0', ...changes })).toThrow(message);
});
