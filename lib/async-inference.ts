import { ITopic } from 'aws-cdk-lib/aws-sns';

/**
 * Takes requests from the bucket and puts the answers there, so that a request may be large (1 GB), take long (an hour),
 * and wait for capacity. Requests lie below `async/<endpoint>/requests/`, answers below `async/<endpoint>/answers/`, and
 * what went wrong below `async/<endpoint>/failures/`; all of them under the bucket's key.
 */
export interface AsyncInference {
  /**
   * Told of every answer, and where it is.
   *
   * @default - nobody is; callers look for the answer
   */
  readonly successTopic?: ITopic;
  /**
   * Told of every request that failed, and why.
   *
   * @default - nobody is
   */
  readonly errorTopic?: ITopic;
  /**
   * How many requests an instance works on at once, 1 to 1000.
   *
   * @default - SageMaker's choice
   */
  readonly maxConcurrentInvocationsPerInstance?: number;
}
