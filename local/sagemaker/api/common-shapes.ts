import { integer, list, map, oneOf, string, structure } from './shapes';

/** Shapes that several requests share. */
export const NAME = string(1, 63, '[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}');
export const ROLE_ARN = string(20, 2048, 'arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+');
export const S3_URI = string(0, 1024, '(https|s3)://([^/]+)/?(.*)');
export const KMS_KEY_ID = string(0, 2048, '[a-zA-Z0-9:/_\\-]*');
export const TAGS = list(structure({ 'Key!': string(1, 128), 'Value!': string(0, 256) }), 0, 50);
export const INSTANCE_TYPE = string(1, 64, 'ml\\.[a-z0-9\\-]+\\.[a-z0-9\\-]+');
export const VPC_CONFIG = structure({
  'SecurityGroupIds!': list(string(0, 32), 1, 5),
  'Subnets!': list(string(0, 32), 1, 16),
});
export const ENVIRONMENT = map(string(0, 10240), 100);
export const COMMAND = list(string(0, 256), 1, 100);

/** What every List operation takes. */
export const LISTING = {
  NameContains: string(0, 63, '[a-zA-Z0-9\\-]*'),
  MaxResults: integer(1, 100),
  NextToken: string(0, 8192),
  SortBy: oneOf('Name', 'CreationTime', 'Status'),
  SortOrder: oneOf('Ascending', 'Descending'),
};
