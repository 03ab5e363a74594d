import { Token } from 'aws-cdk-lib';
import { IRole } from 'aws-cdk-lib/aws-iam';
import { ShapExplainer, ShapFeatureType } from '../shap-explainer';
import { allow, allowKey } from './grants';
import { ensure, requireCount, requireWhole } from './validate';
import { withoutGaps } from './without-gaps';

/** An explainer in the shape of the SageMaker API. */
export function renderExplainer(explainer: ShapExplainer): Record<string, unknown> {
  const inference = withoutGaps({
    FeaturesAttribute: explainer.featuresAttribute,
    ContentTemplate: explainer.contentTemplate,
    MaxRecordCount: explainer.maxRecordCount,
    MaxPayloadInMB: explainer.maxPayloadInMb,
    ProbabilityIndex: explainer.probabilityIndex,
    ProbabilityAttribute: explainer.probabilityAttribute,
    LabelIndex: explainer.labelIndex,
    LabelAttribute: explainer.labelAttribute,
    LabelHeaders: explainer.labelHeaders,
    FeatureHeaders: explainer.featureHeaders,
    FeatureTypes: explainer.featureTypes,
  });
  const { baselineObject: object, textGranularity: Granularity, textLanguage: Language = 'en' } = explainer;
  return withoutGaps({
    EnableExplanations: explainer.enableExplanations,
    InferenceConfig: Object.keys(inference).length === 0 ? undefined : inference,
    ShapConfig: withoutGaps({
      ShapBaselineConfig: withoutGaps({
        MimeType: explainer.baselineMimeType ?? 'text/csv',
        ShapBaseline: explainer.baseline,
        ShapBaselineUri: object && `s3://${object.bucket.bucketName}/${object.key}`,
      }),
      NumberOfSamples: explainer.numberOfSamples,
      UseLogit: explainer.useLogit,
      Seed: explainer.seed,
      TextConfig: Granularity && { Granularity, Language },
    }),
  });
}

/** Checks what SageMaker would refuse. */
export function validateExplainer(explainer: ShapExplainer): void {
  requireBaseline(explainer);
  for (const name of EXPRESSIONS) requireLength(explainer[name], name, 64);
  requireWhole(explainer.numberOfSamples, 'explainer.numberOfSamples', 1, 2 ** 31 - 1);
  requireWhole(explainer.maxRecordCount, 'explainer.maxRecordCount', 1, 2 ** 31 - 1);
  requireWhole(explainer.maxPayloadInMb, 'explainer.maxPayloadInMb', 1, 25);
  requireWhole(explainer.probabilityIndex, 'explainer.probabilityIndex', 0, 2 ** 31 - 1);
  requireWhole(explainer.labelIndex, 'explainer.labelIndex', 0, 2 ** 31 - 1);
  requireNames(explainer.labelHeaders, 'labelHeaders', 16);
  requireNames(explainer.featureHeaders, 'featureHeaders', 256);
  requireFormat(explainer);
  requireTypes(explainer);
}

/** Lets the role that an endpoint runs with read what its explainer needs. */
export function allowExplainer(role: IRole, { baselineObject: object }: ShapExplainer): void {
  if (object === undefined) return;
  allow(role, { actions: ['s3:GetObject'], resources: [object.bucket.arnForObjects(object.key)] });
  allowKey(role, object.bucket.encryptionKey, 'read');
}

function requireBaseline({ baseline, baselineObject: object }: ShapExplainer): void {
  const given = Object.entries({ baseline, baselineObject: object }).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  );
  ensure(
    given.length === 1,
    `explainer needs exactly one of baseline and baselineObject, received: ${given.join(' and ') || 'none'}`,
  );
  requireLength(baseline, 'baseline', 4096);
  if (object === undefined || Token.isUnresolved(object.key)) return;
  requireLength(object.key, 'baselineObject.key', 900);
  ensure(
    /^[^/*?\s][^*?\s]*[^/*?\s]$|^[^/*?\s]$/.test(object.key),
    `explainer.baselineObject.key must be the key of one object, without spaces, * and ?, and no slash at either end, received: ${object.key}`,
  );
}

const EXPRESSIONS = [
  'enableExplanations',
  'featuresAttribute',
  'contentTemplate',
  'probabilityAttribute',
  'labelAttribute',
] as const;

function requireFormat({
  baselineMimeType: format = 'text/csv',
  contentTemplate,
  featuresAttribute,
}: ShapExplainer): void {
  ensure(
    ['text/csv', 'application/jsonlines'].includes(format),
    `explainer.baselineMimeType must be text/csv or application/jsonlines, which are all that SageMaker Clarify reads, received: ${format}`,
  );
  ensure(
    contentTemplate?.includes('$features') !== false,
    `explainer.contentTemplate must have $features where the list of features belongs, received: ${contentTemplate}`,
  );
  ensure(
    featuresAttribute === undefined || contentTemplate !== undefined,
    'explainer.featuresAttribute needs contentTemplate: records are not only read, but also made',
  );
}

function requireTypes({ featureHeaders, featureTypes, textGranularity, textLanguage }: ShapExplainer): void {
  requireCount(featureTypes, 'explainer.featureTypes', 256);
  ensure(
    featureHeaders === undefined || featureTypes === undefined || featureHeaders.length === featureTypes.length,
    `explainer.featureHeaders and featureTypes must be equally many, received: ${featureHeaders?.length} and ${featureTypes?.length}`,
  );
  ensure(
    featureTypes?.includes(ShapFeatureType.TEXT) !== false,
    `explainer.featureTypes are for records with a text, and must have at least one, received: ${featureTypes?.join(', ')}; leave them out`,
  );
  ensure(
    featureTypes === undefined || textGranularity !== undefined,
    'explainer.featureTypes with a text need textGranularity, which says into what it is taken apart',
  );
  ensure(textLanguage === undefined || textGranularity !== undefined, 'explainer.textLanguage needs textGranularity');
}

function requireNames(names: readonly string[] | undefined, name: string, most: number): void {
  requireCount(names, `explainer.${name}`, most);
  ensure(names === undefined || names.length > 0, `explainer.${name} must have 1 to ${most} entries, received: 0`);
  for (const one of names ?? []) requireLength(one, name, 64);
}

function requireLength(text: string | undefined, name: string, most: number): void {
  ensure(
    text === undefined || (text.length >= 1 && text.length <= most),
    `explainer.${name} must have 1 to ${most} characters, received: ${text?.length}`,
  );
}
