import { InferenceComponentStatus } from '@aws-sdk/client-sagemaker';
import { LiveEndpoint } from '../endpoints/live-endpoint';
import { InferenceComponentRecord } from './records';

/** A component's status; on its way back from an update it is being updated, too. */
export function statusOf({ copies }: InferenceComponentRecord): InferenceComponentStatus {
  switch (copies.status) {
    case 'Creating':
    case 'InService':
    case 'Deleting':
    case 'Failed':
      return copies.status;
    default:
      return 'Updating';
  }
}

/** DescribeInferenceComponent's answer: what serves, also while it is being replaced. */
export function describeComponent(record: InferenceComponentRecord, live: LiveEndpoint): object {
  const { copies } = record;
  const { Container, ...specification } = record.specifications[copies.configName];
  const { Image, ...container } = Container ?? {};
  const DesiredCopyCount = copies.capacities[record.name].count;
  return {
    ...summarizeComponent(record),
    FailureReason: copies.failureReason,
    Specification: {
      ...specification,
      ...(Container === undefined
        ? {}
        : { Container: { ...container, DeployedImage: { SpecifiedImage: Image, ResolvedImage: Image } } }),
    },
    RuntimeConfig: { DesiredCopyCount, CurrentCopyCount: live.isReady ? DesiredCopyCount : 0 },
    LastDeploymentConfig: record.lastDeploymentConfig,
  };
}

/** An entry of ListInferenceComponents. */
export function summarizeComponent(record: InferenceComponentRecord): object {
  return {
    InferenceComponentName: record.name,
    InferenceComponentArn: record.arn,
    InferenceComponentStatus: statusOf(record),
    EndpointName: record.endpointName,
    EndpointArn: record.endpointArn,
    VariantName: record.variantName,
    CreationTime: record.copies.created,
    LastModifiedTime: record.copies.modified,
  };
}
