import { CapacitySize, DeploymentConfig, ProductionVariant } from '@aws-sdk/client-sagemaker';
import { validationError } from '../api/api-error';

/** A share of the traffic that the new fleet takes, and how long the alarms are watched after it. */
export interface TrafficStep {
  /** 0 to 1. */
  readonly share: number;
  readonly waitSeconds: number;
}

/** Rules of deployment policies beyond their shape. */
export function checkDeployment(
  deployment: DeploymentConfig | undefined,
  variants: readonly ProductionVariant[],
): void {
  if (deployment === undefined) return;
  const { BlueGreenUpdatePolicy: blueGreen, RollingUpdatePolicy: rolling } = deployment;
  if (blueGreen !== undefined && rolling !== undefined) {
    throw validationError(
      'You can specify only one of BlueGreenUpdatePolicy and RollingUpdatePolicy in DeploymentConfig.',
    );
  }
  const routing = blueGreen?.TrafficRoutingConfiguration;
  if (routing?.Type === 'CANARY') checkSize('CanarySize', routing.CanarySize, variants, 0, 0.5);
  if (routing?.Type === 'LINEAR') checkSize('LinearStepSize', routing.LinearStepSize, variants, 0.1, 0.5);
  if (routing !== undefined && routing.Type !== 'CANARY' && routing.CanarySize !== undefined) {
    throw validationError('CanarySize is allowed only with traffic routing type CANARY.');
  }
  if (routing !== undefined && routing.Type !== 'LINEAR' && routing.LinearStepSize !== undefined) {
    throw validationError('LinearStepSize is allowed only with traffic routing type LINEAR.');
  }
  if (rolling === undefined) return;
  if (variants.length > 1) throw validationError('A rolling update supports endpoints with one production variant.');
  if (variants.some((variant) => variant.ServerlessConfig !== undefined)) {
    throw validationError('A rolling update does not support serverless variants.');
  }
  checkSize('MaximumBatchSize', rolling.MaximumBatchSize, variants, 0.05, 0.5);
}

/** The steps that a policy moves traffic in; the last one has share 1. */
export function trafficSteps(
  deployment: DeploymentConfig | undefined,
  variants: readonly ProductionVariant[],
): TrafficStep[] {
  const blueGreen = deployment?.BlueGreenUpdatePolicy;
  const rolling = deployment?.RollingUpdatePolicy;
  const last = { share: 1, waitSeconds: blueGreen?.TerminationWaitInSeconds ?? 0 };
  if (rolling !== undefined) {
    return evenSteps(
      share(rolling.MaximumBatchSize!, variants),
      rolling.WaitIntervalInSeconds!,
      rolling.WaitIntervalInSeconds!,
    );
  }
  const routing = blueGreen?.TrafficRoutingConfiguration;
  if (routing?.Type === 'CANARY') {
    return [{ share: share(routing.CanarySize!, variants), waitSeconds: routing.WaitIntervalInSeconds! }, last];
  }
  if (routing?.Type === 'LINEAR') {
    return evenSteps(share(routing.LinearStepSize!, variants), routing.WaitIntervalInSeconds!, last.waitSeconds);
  }
  return [last];
}

function evenSteps(size: number, waitSeconds: number, lastWaitSeconds: number): TrafficStep[] {
  const count = Math.ceil(1 / size - 1e-9);
  return Array.from({ length: count }, (_, index) =>
    index + 1 === count ? { share: 1, waitSeconds: lastWaitSeconds } : { share: size * (index + 1), waitSeconds },
  );
}

function share(size: CapacitySize, variants: readonly ProductionVariant[]): number {
  const instances = variants.reduce((sum, variant) => sum + (variant.InitialInstanceCount ?? 1), 0);
  return size.Type === 'CAPACITY_PERCENT' ? size.Value! / 100 : size.Value! / instances;
}

function checkSize(
  name: string,
  size: CapacitySize | undefined,
  variants: readonly ProductionVariant[],
  min: number,
  max: number,
): void {
  if (size === undefined) throw validationError(`${name} must be specified for this traffic routing type.`);
  const instances = variants.reduce((sum, variant) => sum + (variant.InitialInstanceCount ?? 1), 0);
  if (instances < 2) {
    throw validationError(
      `${name} needs at least 2 instances, and the endpoint configuration has ${instances}; use ALL_AT_ONCE.`,
    );
  }
  const received = share(size, variants);
  if (received < min || received > max) {
    throw validationError(
      `${name} must be from ${min * 100}% to ${max * 100}% of the capacity, received ${(received * 100).toFixed(1)}%.`,
    );
  }
}
