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
