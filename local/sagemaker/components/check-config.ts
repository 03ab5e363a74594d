import { CreateEndpointConfigInput, ProductionVariant } from '@aws-sdk/client-sagemaker';
import { validationError } from '../api/api-error';

/** Rules of a variant without a model, which inference components run on. */
export function checkForComponents(request: CreateEndpointConfigInput, { VariantName: name }: ProductionVariant): void {
  const refuse = (why: string): Error =>
    validationError(`Variant ${name} has no ModelName, so that inference components can run on it; ${why}.`);
  const variants = [...request.ProductionVariants!, ...(request.ShadowProductionVariants ?? [])];
  if (variants.some(({ ModelName }) => ModelName !== undefined)) throw refuse('no other variant can have a model then');
  if (request.ExecutionRoleArn === undefined) throw refuse('the endpoint configuration needs an ExecutionRoleArn then');
  if (request.ShadowProductionVariants !== undefined) throw refuse('there can be no shadow variants then');
  if (request.AsyncInferenceConfig !== undefined) throw refuse('inference cannot be asynchronous then');
  if (request.ExplainerConfig !== undefined) throw refuse('nothing can be explained then');
  if (variants.some(({ ServerlessConfig }) => ServerlessConfig !== undefined)) throw refuse('it needs instances');
}
