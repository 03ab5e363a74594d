/** What a feature is, for explanations. */
export enum ShapFeatureType {
  /** A number. */
  NUMERICAL = 'numerical',
  /** One of some values. */
  CATEGORICAL = 'categorical',
  /** Words. */
  TEXT = 'text',
}

/**
 * Explains predictions by SHAP values, computed by SageMaker Clarify beside the model. It needs a model that answers
 * tabular or text requests in batches.
 */
export interface ShapExplainer {
  /**
   * The values that a feature has when it says nothing, in the request's own format, for example one line of CSV.
   */
  readonly baseline: string;
  /**
   * The format of `baseline`: `text/csv` or `application/jsonlines`.
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
   * Which requests are explained, as a JMESPath expression on the prediction, such as `` `true` `` or `[0] > \`0.8\``.
   *
   * @default - all
   */
  readonly enableExplanations?: string;
  /**
   * Names of the features, in their order.
   *
   * @default - none
   */
  readonly featureHeaders?: string[];
  /**
   * What the features are, in their order.
   *
   * @default - Clarify looks at the baseline
   */
  readonly featureTypes?: ShapFeatureType[];
  /**
   * Where in a JSON answer the probability is, as a JMESPath expression.
   *
   * @default - the answer is CSV, or nothing but the prediction
   */
  readonly probabilityAttribute?: string;
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
