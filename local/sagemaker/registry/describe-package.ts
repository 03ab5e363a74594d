import { withoutTags } from '../api/without-tags';
import { ModelPackageRecord } from './records';

/** A package as DescribeModelPackage answers and as events carry it. */
export function describePackage(record: ModelPackageRecord): object {
  const { ClientToken: _token, ...request } = withoutTags(record.request);
  return {
    CertifyForMarketplace: false,
    ...request,
    ModelPackageName: record.arn,
    ModelPackageGroupName: record.group,
    ModelPackageVersion: record.version,
    ModelPackageArn: record.arn,
    CreationTime: record.created,
    LastModifiedTime: record.modified,
    ModelPackageStatus: 'Completed',
    ModelPackageStatusDetails: { ValidationStatuses: [], ImageScanStatuses: [] },
    ModelApprovalStatus: record.approval,
    ApprovalDescription: record.approvalDescription,
    CustomerMetadataProperties: record.metadata,
  };
}
