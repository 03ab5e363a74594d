import type {
  InferenceComponentComputeResourceRequirements,
  InferenceComponentDeploymentConfig,
  InferenceComponentStartupParameters,
} from '@aws-sdk/client-sagemaker';

/**
 * How copies of the model run on the endpoint's instances, in the shapes of the SageMaker API. The component has the
 * endpoint's name.
 */
export interface ComponentSpecification {
  readonly computeResourceRequirements: InferenceComponentComputeResourceRequirements;
  readonly startupParameters?: InferenceComponentStartupParameters;
  /** The fewest copies that a model is tried on, 1 or more: where none stays, too, it proves itself on one. */
  readonly copyCount: number;
  /** How copies go from one model to the next, where there are two or more; fewer cannot be divided. */
  readonly deploymentConfig: InferenceComponentDeploymentConfig;
}
