import { ModelApprovalStatus, ModelPackageType } from '@aws-sdk/client-sagemaker';
import { ENVIRONMENT, LISTING, NAME, S3_URI, TAGS } from '../api/common-shapes';
import { boolean, list, map, oneOf, Shape, string, structure } from '../api/shapes';

const DESCRIPTION = string(0, 1024, '[\\p{L}\\p{M}\\p{Z}\\p{S}\\p{N}\\p{P}]*');
const METADATA_TEXT = '([\\p{L}\\p{Z}\\p{N}_.:\\/=+\\-@]*)';
const METADATA = map(string(1, 256, METADATA_TEXT), 50);
const APPROVAL = oneOf(...Object.values(ModelApprovalStatus));
const ANY: Shape = structure({});

export const GROUP_NAME = NAME;
/** A package is named by its ARN wherever one version of a group is meant. */
export const PACKAGE_ARN = string(
  1,
  2048,
  'arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:model-package/[\\S]{1,2048}',
);

export const CREATE_GROUP = structure({
  'ModelPackageGroupName!': GROUP_NAME,
  ModelPackageGroupDescription: DESCRIPTION,
  Tags: TAGS,
});

const CONTAINER = structure({
  ContainerHostname: NAME,
  Image: string(0, 255, '[\\S]+'),
  ImageDigest: string(0, 72, '[Ss][Hh][Aa]256:[0-9a-fA-F]{64}'),
  ModelDataUrl: S3_URI,
  ModelDataSource: structure({
    S3DataSource: structure({
      'S3Uri!': S3_URI,
      'S3DataType!': oneOf('S3Prefix', 'S3Object'),
      'CompressionType!': oneOf('None', 'Gzip'),
    }),
  }),
  Environment: ENVIRONMENT,
  Framework: string(),
  FrameworkVersion: string(3, 10, '[0-9]\\.[A-Za-z0-9.-]+'),
  NearestModelName: string(),
});

const METRICS_SOURCE = structure({ 'ContentType!': string(0, 256), ContentDigest: string(0, 72), 'S3Uri!': S3_URI });

export const CREATE_PACKAGE = structure({
  ModelPackageName: NAME,
  ModelPackageGroupName: string(1, 170),
  ModelPackageDescription: DESCRIPTION,
  InferenceSpecification: structure({
    'Containers!': list(CONTAINER, 1, 15),
    SupportedTransformInstanceTypes: list(string(), 1),
    SupportedRealtimeInferenceInstanceTypes: list(string()),
    SupportedContentTypes: list(string(0, 256)),
    SupportedResponseMIMETypes: list(string(0, 1024, '[-\\w]+\\/.+')),
  }),
  CertifyForMarketplace: boolean,
  Tags: TAGS,
  ModelApprovalStatus: APPROVAL,
  MetadataProperties: structure({
    CommitId: string(0, 1024),
    Repository: string(0, 1024),
    GeneratedBy: string(0, 1024),
    ProjectId: string(0, 1024),
  }),
  ModelMetrics: structure({
    ModelQuality: structure({ Statistics: METRICS_SOURCE, Constraints: METRICS_SOURCE }),
    ModelDataQuality: ANY,
    Bias: ANY,
    Explainability: ANY,
  }),
  ClientToken: string(1, 36, '[a-zA-Z0-9-]+'),
  CustomerMetadataProperties: METADATA,
  SkipModelValidation: oneOf('All', 'None'),
});

export const UPDATE_PACKAGE = structure({
  'ModelPackageArn!': PACKAGE_ARN,
  ModelApprovalStatus: APPROVAL,
  ApprovalDescription: DESCRIPTION,
  CustomerMetadataProperties: METADATA,
  CustomerMetadataPropertiesToRemove: list(string(1, 128, METADATA_TEXT)),
});

export const LIST_PACKAGES = structure({
  ...LISTING,
  ModelPackageGroupName: string(1, 170),
  ModelApprovalStatus: APPROVAL,
  ModelPackageType: oneOf(...Object.values(ModelPackageType)),
  SortBy: oneOf('Name', 'CreationTime'),
});
