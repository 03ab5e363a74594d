import { ContainerDefinition, CreateEndpointConfigInput } from '@aws-sdk/client-sagemaker';
import { validationError } from '../api/api-error';

/** Rules of shadow variants beyond their shape: what SageMaker's list of exclusions names, and one of each kind. */
export function checkShadows(
  request: CreateEndpointConfigInput,
  containersOf: (model: string) => ContainerDefinition[],
): void {
  const { ProductionVariants: production = [], ShadowProductionVariants: shadows } = request;
  if (shadows === undefined) return;
  if (production.length !== 1 || shadows.length !== 1) {
    throw validationError(
      `With ShadowProductionVariants, there can be only one production variant and one shadow variant, received: ${production.length} and ${shadows.length}.`,
    );
  }
  if (request.AsyncInferenceConfig !== undefined)
    throw validationError('ShadowProductionVariants is not supported for asynchronous inference.');
  for (const { VariantName: name, InstanceType: type, ModelName: model, ServerlessConfig } of [
    ...production,
    ...shadows,
  ]) {
    const refuse = (what: string): Error =>
      validationError(`ShadowProductionVariants is not supported for ${what}; look at variant ${name}.`);
    if (ServerlessConfig !== undefined) throw refuse('serverless inference');
    if (type?.startsWith('ml.inf1.')) throw refuse(`the instance type ${type}`);
    const containers = model === undefined ? [] : containersOf(model);
    if (containers.length > 1) throw refuse('endpoints with multiple containers');
    if (containers.some(({ Mode }) => Mode === 'MultiModel')) throw refuse('multi-model endpoints');
  }
}
