import { randomUUID } from 'node:crypto';
import {
  ContainerDefinition,
  DeploymentConfig,
  InferenceComponentCapacitySize,
  InferenceComponentDeploymentConfig,
  InferenceComponentSpecification,
} from '@aws-sdk/client-sagemaker';
import { validationError } from '../api/api-error';
import { containersOf, Models } from '../endpoints/models';
import { FleetSpecification } from '../endpoints/records';

/**
 * The copies of a component as a fleet of one variant.
 *
 * @throws ApiError ValidationException when they cannot be run.
 */
export function componentFleet(
  models: Models,
  name: string,
  specification: InferenceComponentSpecification,
  copies: number,
): FleetSpecification {
  const id = randomUUID().slice(0, 8);
  return {
    id,
    configName: `${specification.ModelName ?? name}-${id}`,
    isComponent: true,
    variants: [
      {
        variant: { VariantName: name, InitialInstanceCount: Math.max(1, copies), ...specification.StartupParameters },
        container: containerOf(models, specification),
      },
    ],
    folder: `components/${name}/${id}`,
  };
}

function containerOf(models: Models, specification: InferenceComponentSpecification): ContainerDefinition {
  const { ModelName, Container, BaseInferenceComponentName, ComputeResourceRequirements } = specification;
  if (BaseInferenceComponentName !== undefined)
    throw validationError('The local SageMaker has no adapters; leave BaseInferenceComponentName out.');
  if ((ModelName === undefined) === (Container?.Image === undefined))
    throw validationError('A specification needs either ModelName or Container with Image.');
  if (ComputeResourceRequirements === undefined)
    throw validationError('A specification needs ComputeResourceRequirements.');
  if (ModelName === undefined) {
    const { Image, ArtifactUrl, Environment } = Container!;
    return { Image, ModelDataUrl: ArtifactUrl, Environment };
  }
  const [container] = containersOf(models.find(ModelName).request);
  return Container?.Environment === undefined
    ? container
    : { ...container, Environment: { ...container.Environment, ...Container.Environment } };
}

/** A rolling update of copies as one of instances. */
export function rollingUpdate(config: InferenceComponentDeploymentConfig | undefined): DeploymentConfig | undefined {
  if (config === undefined) return undefined;
  const { RollbackMaximumBatchSize, ...policy } = config.RollingUpdatePolicy!;
  const { Type, Value } = policy.MaximumBatchSize!;
  if (Type === 'CAPACITY_PERCENT' && (Value! < 5 || Value! > 50))
    throw validationError(`MaximumBatchSize must be from 5% to 50% of the capacity, received ${Value}%.`);
  return {
    RollingUpdatePolicy: {
      ...policy,
      MaximumBatchSize: ofInstances(policy.MaximumBatchSize!),
      ...(RollbackMaximumBatchSize === undefined
        ? {}
        : { RollbackMaximumBatchSize: ofInstances(RollbackMaximumBatchSize) }),
    },
    AutoRollbackConfiguration: config.AutoRollbackConfiguration,
  };
}

function ofInstances({ Type, Value }: InferenceComponentCapacitySize) {
  return { Type: Type === 'COPY_COUNT' ? ('INSTANCE_COUNT' as const) : ('CAPACITY_PERCENT' as const), Value };
}
