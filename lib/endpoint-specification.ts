import { Duration } from 'aws-cdk-lib';
import { AsyncInference } from './async-inference';
import { DataCapture } from './data-capture';
import { EndpointScaling } from './endpoint-scaling';
import { EndpointUpdatePolicy } from './endpoint-update-policy';
import { HostingOptions } from './hosting-options';
import { InferenceComponentOptions } from './inference-component-options';
import { MlInstanceType } from './ml-instance-type';
import { ShadowTest } from './shadow-test';
import { ShapExplainer } from './shap-explainer';
import { SmokeTest } from './smoke-test';

/** The endpoint that serves the model. */
export interface EndpointSpecification extends HostingOptions {
  /**
   * Instances that serve when those of `instanceType` cannot be had, in this order; at most 4.
   *
   * @default - none; without capacity, a release fails
   */
  readonly fallbackInstanceTypes?: MlInstanceType[];
  /**
   * How long to try for instances of one type before going on to the next, 5 to 60 minutes.
   *
   * @default - SageMaker's
   */
  readonly instanceProvisionTimeout?: Duration;
  /**
   * How many instances the endpoint is created with. Later releases keep what scaling or a person has made of it, until
   * this number changes.
   *
   * @default - the fewest of `scaling`, otherwise 1
   */
  readonly instanceCount?: number;
  /**
   * How the number of instances follows the requests.
   *
   * @default - it does not
   */
  readonly scaling?: EndpointScaling;
  /**
   * Runs the model in copies that share the instances, and can go to none while nobody asks. Not with `scaling`,
   * `asyncInference`, `shadowTest`, `explainer` or `fallbackInstanceTypes`.
   *
   * @default - each instance runs the model once
   */
  readonly inferenceComponent?: InferenceComponentOptions;
  /**
   * A folder with `inference.py`, and a `requirements.txt` if need be. It comes from the stack, never from what a
   * training job wrote.
   *
   * @default - the image serves by itself
   */
  readonly codeDirectory?: string;
  /**
   * How the endpoint changes from one model to the next.
   *
   * @default EndpointUpdatePolicy.allAtOnce(); rolling() for the copies of an `inferenceComponent`
   */
  readonly updatePolicy?: EndpointUpdatePolicy;
  /**
   * Keeps requests and answers below `captured/<endpoint>/` in the bucket.
   *
   * @default - nothing is kept
   */
  readonly dataCapture?: DataCapture;
  /**
   * Answers later, by way of the bucket.
   *
   * @default - the caller waits for the answer
   */
  readonly asyncInference?: AsyncInference;
  /**
   * Explains predictions. Answers then have SageMaker Clarify's format, and so must those of `smokeTest`.
   *
   * @default - nothing is explained
   */
  readonly explainer?: ShapExplainer;
  /**
   * Tries each new model with copies of the requests before it is released. Not with a rolling update, `asyncInference`,
   * `explainer` or `fallbackInstanceTypes`.
   *
   * @default - new models are released without
   */
  readonly shadowTest?: ShadowTest;
  /**
   * What the endpoint is asked once a release serves. Wrong answers bring the release before back.
   *
   * @default - nothing; a release that is healthy and raises no alarm is good
   */
  readonly smokeTest?: SmokeTest;
  /**
   * How many endpoint configs and models stay, newest first, those in use included; 1 to 100. Older ones are removed
   * after each release. Artifacts stay, and any of them can be released again.
   *
   * @default 5
   */
  readonly keepReleases?: number;
}
