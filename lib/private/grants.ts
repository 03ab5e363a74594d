import { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { IBucket } from 'aws-cdk-lib/aws-s3';
import { acknowledgeWildcard } from './acknowledge';

/** Statements narrower than the CDK's own grants, which add wildcards to actions and prefixes. */
export interface Permission {
  readonly actions: string[];
  readonly resources: string[];
  readonly conditions?: Record<string, Record<string, string | string[]>>;
  /** Why a resource may be a pattern; required where one is. */
  readonly wildcardReason?: string;
}

export function allow(role: IRole, permission: Permission): void {
  const { wildcardReason, ...statement } = permission;
  role.addToPrincipalPolicy(new PolicyStatement(statement));
  if (wildcardReason === undefined) return;
  permission.resources
    .filter((resource) => resource.includes('*'))
    .forEach((resource) => acknowledgeWildcard(role, resource, wildcardReason));
}

/** Actions on the objects below a prefix, which must end in a slash: `in` would also let in `in-secret/`. */
export function allowObjects(role: IRole, bucket: IBucket, prefix: string, actions: string[], pattern = '*'): void {
  allow(role, {
    actions,
    resources: [bucket.arnForObjects(`${prefix}${pattern}`)],
    wildcardReason: `The names of the objects below ${prefix === '' ? 'the bucket' : prefix} are not known at deployment; nothing else is reachable.`,
  });
}

/**
 * Listing below prefixes. A request for one object carries no prefix; S3 answers it with "not found" instead of "denied"
 * only where this statement matches then too (`tellsMissing`), which functions that look for an object need.
 */
export function allowList(role: IRole, bucket: IBucket, prefixes: string[], tellsMissing = false): void {
  allow(role, {
    actions: ['s3:ListBucket'],
    resources: [bucket.bucketArn],
    conditions: {
      [tellsMissing ? 'StringLikeIfExists' : 'StringLike']: {
        's3:prefix': prefixes.flatMap((prefix) => (prefix === '' ? ['*'] : [prefix, `${prefix}*`])),
      },
    },
  });
}

/** Multipart uploads need Decrypt besides GenerateDataKey. */
export function allowKey(role: IRole, key: IKey | undefined, use: 'read' | 'write'): void {
  if (key === undefined) return;
  allow(role, {
    actions: use === 'read' ? ['kms:Decrypt'] : ['kms:Decrypt', 'kms:GenerateDataKey'],
    resources: [key.keyArn],
  });
}

/** Publishing metrics under one name. */
export function allowMetrics(role: IRole, namespace: string): void {
  allow(role, {
    actions: ['cloudwatch:PutMetricData'],
    resources: ['*'],
    conditions: { StringEquals: { 'cloudwatch:namespace': namespace } },
    wildcardReason: 'The action takes no resource; the condition leaves it one namespace.',
  });
}

/** Lets SageMaker encrypt the volumes of the role's instances. */
export function allowVolumeKey(role: IRole, key: IKey | undefined): void {
  if (key === undefined) return;
  allow(role, { actions: ['kms:Decrypt', 'kms:GenerateDataKeyWithoutPlaintext'], resources: [key.keyArn] });
  allowVolumeGrant(role, key);
}

/** Lets whoever starts instances hand a volume's key on to the service, and to nobody else. */
export function allowVolumeGrant(role: IRole, key: IKey | undefined): void {
  if (key === undefined) return;
  allow(role, { actions: ['kms:DescribeKey'], resources: [key.keyArn] });
  allow(role, {
    actions: ['kms:CreateGrant'],
    resources: [key.keyArn],
    conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
  });
}

/** SageMaker looks at the alarms that guard an update for whoever asks for it, and with the role that it hosts with. */
export function allowGuards(role: IRole, alarms: readonly IAlarm[]): void {
  if (alarms.length === 0) return;
  allow(role, { actions: ['cloudwatch:DescribeAlarms'], resources: alarms.map(({ alarmArn }) => alarmArn) });
}
