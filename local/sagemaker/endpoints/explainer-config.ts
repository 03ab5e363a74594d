import { CreateEndpointConfigInput } from '@aws-sdk/client-sagemaker';
import { validationError } from '../api/api-error';
import { S3_URI } from '../api/common-shapes';
import { boolean, integer, list, oneOf, string, structure } from '../api/shapes';

const EXPRESSION = string(1, 64);
const HEADER = string(1, 64);
/** ISO 639 codes, and xx for a mix of languages. */
const LANGUAGES =
  'af sq ar hy eu bn bg ca zh hr cs da nl en et fi fr de el gu he hi hu is id ga it kn ky lv lt lb mk ml mr ne nb fa pl pt ' +
  'ro ru sa sr tn si sk sl es sv tl ta tt te tr uk ur yo lij xx';

/** Shape of an endpoint config's explainer. */
export const EXPLAINER_CONFIG = structure({
  ClarifyExplainerConfig: structure({
    EnableExplanations: EXPRESSION,
    InferenceConfig: structure({
      FeaturesAttribute: EXPRESSION,
      ContentTemplate: string(1, 64),
      MaxRecordCount: integer(1),
      MaxPayloadInMB: integer(1, 25),
      ProbabilityIndex: integer(0),
      LabelIndex: integer(0),
      ProbabilityAttribute: EXPRESSION,
      LabelAttribute: EXPRESSION,
      LabelHeaders: list(HEADER, 1, 16),
      FeatureHeaders: list(HEADER, 1, 256),
      FeatureTypes: list(oneOf('numerical', 'categorical', 'text'), 1, 256),
    }),
    'ShapConfig!': structure({
      'ShapBaselineConfig!': structure({
        MimeType: oneOf('text/csv', 'application/jsonlines'),
        ShapBaseline: string(1, 4096),
        ShapBaselineUri: S3_URI,
      }),
      NumberOfSamples: integer(1),
      UseLogit: boolean,
      Seed: integer(),
      TextConfig: structure({
        'Language!': oneOf(...LANGUAGES.split(' ')),
        'Granularity!': oneOf('token', 'sentence', 'paragraph'),
      }),
    }),
  }),
});

/**
 * Checks what the shape cannot say. Expressions are not compiled here: as on AWS, the creation of the endpoint fails.
 *
 * @throws ApiError ValidationException.
 */
export function validateExplainer({ ExplainerConfig, AsyncInferenceConfig }: CreateEndpointConfigInput): void {
  if (ExplainerConfig === undefined) return;
  const { InferenceConfig, ShapConfig } = ExplainerConfig.ClarifyExplainerConfig ?? {};
  if (ShapConfig === undefined) throw validationError('ExplainerConfig needs a ClarifyExplainerConfig.');
  if (AsyncInferenceConfig !== undefined)
    throw validationError('ExplainerConfig and AsyncInferenceConfig are mutually exclusive.');
  const { ShapBaseline, ShapBaselineUri } = ShapConfig.ShapBaselineConfig!;
  if ((ShapBaseline === undefined) === (ShapBaselineUri === undefined))
    throw validationError('ShapBaselineConfig needs exactly one of ShapBaseline and ShapBaselineUri.');
  const types = InferenceConfig?.FeatureTypes;
  if (types !== undefined && !types.includes('text'))
    throw validationError(`FeatureTypes must have at least one text, received: ${types.join(', ')}.`);
  if (types !== undefined && ShapConfig.TextConfig === undefined)
    throw validationError('FeatureTypes with text need ShapConfig.TextConfig.');
}
