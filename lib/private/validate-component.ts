import { EndpointSpecification } from '../endpoint-specification';
import { InferenceComponentOptions } from '../inference-component-options';
import { MlInstanceType } from '../ml-instance-type';
import { countsOf } from './render-component';
import { ensure, requireDuration, requireNumber, requireWhole } from './validate';

/** Checks an inference component, and that SageMaker runs one on such an endpoint. */
export function validateComponent(spec: EndpointSpecification): void {
  const { inferenceComponent: component, updatePolicy } = spec;
  if (component === undefined) return;
  validateResources(component, spec.instanceType);
  validateCounts(component, spec.instanceCount);
  refuseExcluded(spec);
  if (updatePolicy === undefined) return;
  ensure(
    updatePolicy._isRolling(),
    'updatePolicy must be EndpointUpdatePolicy.rolling() with inferenceComponent, or be left out: SageMaker moves the copies of a component in batches',
  );
  const { minCopies } = countsOf(component);
  ensure(
    minCopies >= 2,
    `updatePolicy needs an inferenceComponent.minCopyCount of two or more, for a batch is at most half of the copies; received: ${minCopies}. ` +
      'Raise it, or leave updatePolicy out: a single copy is then moved the way of SageMaker',
  );
  updatePolicy._requireInstances(minCopies);
}

function validateResources(component: InferenceComponentOptions, instanceType: MlInstanceType): void {
  const { minMemoryRequiredInMb, maxMemoryRequiredInMb, numberOfAcceleratorDevicesRequired: devices } = component;
  requireWhole(minMemoryRequiredInMb, 'inferenceComponent.minMemoryRequiredInMb', 128, 2 ** 31 - 1);
  requireWhole(maxMemoryRequiredInMb, 'inferenceComponent.maxMemoryRequiredInMb', 128, 2 ** 31 - 1);
  ensure(
    maxMemoryRequiredInMb === undefined || minMemoryRequiredInMb <= maxMemoryRequiredInMb,
    `inferenceComponent.minMemoryRequiredInMb (${minMemoryRequiredInMb}) must not exceed inferenceComponent.maxMemoryRequiredInMb (${maxMemoryRequiredInMb})`,
  );
  requireNumber(component.numberOfCpuCoresRequired, 'inferenceComponent.numberOfCpuCoresRequired', 0.25, 10000);
  requireWhole(devices, 'inferenceComponent.numberOfAcceleratorDevicesRequired', 1, 1000);
  ensure(
    devices !== undefined || !instanceType.hasGpu,
    `inferenceComponent.numberOfAcceleratorDevicesRequired must be given for ${instanceType.name}: a copy gets no GPU that it has not asked for`,
  );
  ensure(
    devices === undefined || instanceType.hasGpu || /^(inf|trn)/.test(instanceType.family),
    `inferenceComponent.numberOfAcceleratorDevicesRequired is for instances that have accelerators, which ${instanceType.name} has not; leave it out`,
  );
}

function validateCounts(component: InferenceComponentOptions, instanceCount: number | undefined): void {
  const { minCopyCount, maxCopyCount, invocationsPerCopy, minInstanceCount, maxInstanceCount } = component;
  requireWhole(minCopyCount, 'inferenceComponent.minCopyCount', 0, 10000);
  requireWhole(maxCopyCount, 'inferenceComponent.maxCopyCount', 1, 10000);
  requireWhole(minInstanceCount, 'inferenceComponent.minInstanceCount', 0, 10000);
  requireWhole(maxInstanceCount, 'inferenceComponent.maxInstanceCount', 1, 10000);
  requireDuration(component.scaleOutCooldown, 'inferenceComponent.scaleOutCooldown', 0, 3600);
  requireDuration(component.scaleInCooldown, 'inferenceComponent.scaleInCooldown', 0, 3600);
  const { minCopies, maxCopies, minInstances, maxInstances } = countsOf(component);
  ensure(
    minCopies <= maxCopies,
    `inferenceComponent.minCopyCount (${minCopies}) must not exceed inferenceComponent.maxCopyCount (${maxCopies})`,
  );
  ensure(
    minInstances <= maxInstances,
    `inferenceComponent.minInstanceCount (${minInstances}) must not exceed inferenceComponent.maxInstanceCount (${maxInstances})`,
  );
  ensure(
    minInstances > 0 || minCopies === 0,
    `inferenceComponent.minInstanceCount can be 0 only with a minCopyCount of 0: ${minCopies} copies always need an instance`,
  );
  const isScaling = minCopies < maxCopies;
  ensure(
    isScaling ? (invocationsPerCopy ?? 0) > 0 : invocationsPerCopy === undefined,
    isScaling
      ? `inferenceComponent.invocationsPerCopy must be given where the copies scale (from ${minCopies} to ${maxCopies}), and more than 0, received: ${invocationsPerCopy}`
      : `inferenceComponent.invocationsPerCopy needs a maxCopyCount of more than minCopyCount (${minCopies}), or nothing scales`,
  );
  ensure(
    instanceCount === undefined || (instanceCount >= minInstances && instanceCount <= maxInstances),
    `instanceCount (${instanceCount}) must be from inferenceComponent.minInstanceCount (${minInstances}) to inferenceComponent.maxInstanceCount (${maxInstances})`,
  );
}

function refuseExcluded(spec: EndpointSpecification): void {
  const refuse = (name: string, value: unknown, why: string): void =>
    ensure(value === undefined, `${name} cannot go together with inferenceComponent: ${why}`);
  refuse(
    'scaling',
    spec.scaling,
    'SageMaker scales the instances by the copies that they hold; give inferenceComponent.maxCopyCount and invocationsPerCopy instead',
  );
  refuse('asyncInference', spec.asyncInference, 'InvokeEndpointAsync takes no InferenceComponentName');
  refuse(
    'shadowTest',
    spec.shadowTest,
    'a shadow is a variant with a model of its own, and there the variant has none',
  );
  refuse('explainer', spec.explainer, 'SageMaker Clarify asks the model of a variant, and there the variant has none');
  refuse(
    'fallbackInstanceTypes',
    spec.fallbackInstanceTypes,
    'what a copy needs is given for one type of instances; choose the one',
  );
}
