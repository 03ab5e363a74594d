import { IBucket } from 'aws-cdk-lib/aws-s3';

/** A baseline that is too long for an endpoint's configuration, as an object in S3. */
export interface ShapBaselineObject {
  /** Where it is. The endpoint's role may read this one object, with the bucket's key if it has one. */
  readonly bucket: IBucket;
  /**
   * Its key, 1 to 900 characters. SageMaker reads the object when instances start, and a release does not see that its
   * content changed: give another content another key.
   */
  readonly key: string;
}

/** What a feature is, for explanations. */
export enum ShapFeatureType {
  /** A number. */
  NUMERICAL = 'numerical',
  /** One of some values. */
  CATEGORICAL = 'categorical',
  /** Words. */
  TEXT = 'text',
}

/** Into what a text is taken apart to be explained. */
export enum ShapTextGranularity {
  /** Words. */
  TOKEN = 'token',
  /** Sentences. */
  SENTENCE = 'sentence',
  /** Paragraphs. */
  PARAGRAPH = 'paragraph',
}

/**
 * Explains predictions by SHAP values, computed by SageMaker Clarify beside the model. It needs a model that takes
 * CSV or JSON Lines, a record a line, and answers in one of them. Expressions are JMESPath, of at most 64 characters.
 */
export interface ShapExplainer {
  /**
   * The values that a feature has when it says nothing, a record a line, 1 to 4096 characters; of a text, what stands in
   * the place of a part that is left out.
   *
   * @default - the one of `baselineObject`; there must be exactly one of the two
   */
  readonly baseline?: string;
  /**
   * The same as an object in S3, for more records than `baseline` can hold.
   *
   * @default - the one of `baseline`; there must be exactly one of the two
   */
  readonly baselineObject?: ShapBaselineObject;
  /**
   * The format of the baseline: `text/csv` or `application/jsonlines`.
   *
   * @default 'text/csv'
   */
  readonly baselineMimeType?: string;
  /**
   * How many perturbed samples each explanation is computed from; more are exacter and slower.
   *
   * @default - Clarify's, which grows with the number of features
   */
  readonly numberOfSamples?: number;
  /**
   * Which records are explained, as an expression on what the model answers to one, such as `` `false` `` or
   * `[0] > \`0.8\``. A request may say otherwise for itself by `EnableExplanations`.
   *
   * @default - all
   */
  readonly enableExplanations?: string;
  /**
   * Names of the features, in their order; at most 256.
   *
   * @default - none
   */
  readonly featureHeaders?: string[];
  /**
   * What the features are, in their order, where one of them is a text; for others there is no need.
   *
   * @default - Clarify looks at the baseline
   */
  readonly featureTypes?: ShapFeatureType[];
  /**
   * Where in a request of JSON Lines the list of features is, as an expression.
   *
   * @default - requests are CSV, or each line is nothing but the list
   */
  readonly featuresAttribute?: string;
  /**
   * What the model takes for a record in JSON Lines, with `$features` for the list, at most 64 characters:
   * `{"features":$features}`. Goes with `featuresAttribute`.
   *
   * @default - requests are CSV
   */
  readonly contentTemplate?: string;
  /**
   * In which column of a CSV answer the probability is, or the list of them; from 0.
   *
   * @default - the whole answer is
   */
  readonly probabilityIndex?: number;
  /**
   * Where in a JSON Lines answer the probability is, or the list of them, as an expression.
   *
   * @default - the answer is CSV, or nothing but the prediction
   */
  readonly probabilityAttribute?: string;
  /**
   * Names of the classes, in the order of their probabilities; at most 16.
   *
   * @default - those in the model's answer, if it has any
   */
  readonly labelHeaders?: string[];
  /**
   * In which column of a CSV answer the names of the classes are; from 0.
   *
   * @default - in none
   */
  readonly labelIndex?: number;
  /**
   * Where in a JSON Lines answer the names of the classes are, as an expression.
   *
   * @default - nowhere
   */
  readonly labelAttribute?: string;
  /**
   * How many records the model takes in one request, at least 1.
   *
   * @default - Clarify finds it out
   */
  readonly maxRecordCount?: number;
  /**
   * How large a request to the model may be, in MB, 1 to 25.
   *
   * @default 6
   */
  readonly maxPayloadInMb?: number;
  /**
   * Into what texts are taken apart. Needed where a feature is a text.
   *
   * @default - no feature is
   */
  readonly textGranularity?: ShapTextGranularity;
  /**
   * The texts' language, ISO 639-1 or 639-3; `xx` for several.
   *
   * @default 'en', where there is a `textGranularity`
   */
  readonly textLanguage?: string;
  /**
   * Whether values are in log-odds rather than probabilities.
   *
   * @default false
   */
  readonly useLogit?: boolean;
  /**
   * Makes explanations repeatable.
   *
   * @default - none
   */
  readonly seed?: number;
}
