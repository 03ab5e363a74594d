import { InferenceComponentDeploymentConfig, InferenceComponentSpecification } from '@aws-sdk/client-sagemaker';
import { EndpointRecord } from '../endpoints/records';

/** What is kept of an inference component. */
export interface InferenceComponentRecord {
  readonly arn: string;
  readonly name: string;
  readonly endpointName: string;
  readonly endpointArn: string;
  readonly variantName: string;
  /** What was asked for, by the config name that stands for it in `copies`. */
  readonly specifications: Record<string, InferenceComponentSpecification>;
  /** Its copies, run as an endpoint is: one variant, of the component's name, whose instances they are. */
  readonly copies: EndpointRecord;
  lastDeploymentConfig?: InferenceComponentDeploymentConfig;
}
