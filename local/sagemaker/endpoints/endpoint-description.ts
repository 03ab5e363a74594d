import { ProductionVariant } from '@aws-sdk/client-sagemaker';
import { Context } from '../system/context';
import { LiveEndpoint } from './live-endpoint';
import { FleetVariant, isInProgress } from './records';

/** DescribeEndpoint's answer. */
export function describeEndpoint(context: Context, live: LiveEndpoint): object {
  const { record } = live;
  const pending = record.pendingConfigName;
  const summaries = (entries: readonly FleetVariant[] | undefined): object[] | undefined =>
    entries?.map((entry) => summary(context, entry, live));
  const policy = record.lastDeploymentConfig;
  const explainer = record.fleet?.explainer;
  return {
    EndpointName: record.name,
    EndpointArn: record.arn,
    EndpointConfigName: record.configName,
    EndpointStatus: record.status,
    FailureReason: record.failureReason,
    CreationTime: record.created,
    LastModifiedTime: record.modified,
    ProductionVariants: summaries(record.fleet?.variants),
    ShadowProductionVariants: summaries(record.fleet?.shadows),
    LastDeploymentConfig: policy,
    ExplainerConfig: explainer && { ClarifyExplainerConfig: explainer },
    PendingDeploymentSummary:
      pending === undefined || !isInProgress(record)
        ? undefined
        : {
            EndpointConfigName: pending,
            StartTime: record.pendingSince,
            ProductionVariants: pendingVariants(context, live, pending, 'ProductionVariants'),
            ShadowProductionVariants: pendingVariants(context, live, pending, 'ShadowProductionVariants'),
          },
  };
}

function pendingVariants(
  context: Context,
  live: LiveEndpoint,
  config: string,
  kind: 'ProductionVariants' | 'ShadowProductionVariants',
): object[] | undefined {
  return context.state.endpointConfigs[config]?.request[kind]?.map((variant) => ({
    VariantName: variant.VariantName,
    CurrentInstanceCount: live.stage === 'Creating' ? 0 : variant.InitialInstanceCount,
    DesiredInstanceCount: variant.InitialInstanceCount,
    CurrentWeight: variant.InitialVariantWeight ?? 1,
    DesiredWeight: variant.InitialVariantWeight ?? 1,
    VariantStatus: live.stage === undefined ? undefined : [{ Status: live.stage, StartTime: live.record.pendingSince }],
  }));
}

function summary(context: Context, { variant, container }: FleetVariant, live: LiveEndpoint): object {
  const own = live.record.capacities[variant.VariantName!];
  const weight = own?.weight ?? variant.InitialVariantWeight ?? 1;
  const count = managedCount(context, live, variant) ?? own?.count ?? variant.InitialInstanceCount ?? 1;
  return {
    VariantName: variant.VariantName,
    DeployedImages: container && [
      { SpecifiedImage: container.Image, ResolvedImage: container.Image, ResolutionTime: live.record.created },
    ],
    ManagedInstanceScaling: variant.ManagedInstanceScaling,
    RoutingConfig: variant.RoutingConfig,
    CurrentWeight: weight,
    DesiredWeight: weight,
    CurrentInstanceCount: count,
    DesiredInstanceCount: count,
  };
}

/** Instances that follow the copies of inference components: one carries all of them here. */
function managedCount(context: Context, { record }: LiveEndpoint, variant: ProductionVariant): number | undefined {
  const { ModelName, ManagedInstanceScaling: scaling } = variant;
  if (ModelName !== undefined || scaling?.Status !== 'ENABLED') return undefined;
  const hasCopies = Object.values(context.state.inferenceComponents).some(
    ({ name, endpointName, variantName, copies }) =>
      endpointName === record.name && variantName === variant.VariantName && copies.capacities[name].count > 0,
  );
  return Math.max(scaling.MinInstanceCount ?? 1, hasCopies ? 1 : 0);
}
