import { Stack } from 'aws-cdk-lib';
import { IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { IModelBucket } from '../model-bucket';
import { allow, allowKey, allowList, allowObjects } from './grants';
import { RELEASES } from './prefixes';

/**
 * ARNs of an endpoint, of the inference component on it, if any, and of the models and configs made for it, whose names
 * begin with the endpoint's.
 *
 * @param where Its account and region, where they are not those of the scope.
 */
export function endpointArns(
  scope: Construct,
  endpointName: string,
  where?: { readonly account: string; readonly region: string },
): { endpoint: string; component: string; models: string; configs: string } {
  const arn = (resource: string, resourceName: string): string =>
    Stack.of(scope).formatArn({ ...where, service: 'sagemaker', resource, resourceName });
  return {
    endpoint: arn('endpoint', endpointName),
    component: arn('inference-component', endpointName),
    models: arn('model', `${endpointName}-*`),
    configs: arn('endpoint-config', `${endpointName}-*`),
  };
}

/** Why permissions may name those by a pattern. */
export const RELEASE_NAMES_REASON =
  'Every release has a model and a config of its own; the pattern covers only those of this endpoint.';

/** Where the ledger of an endpoint's releases lies. */
export function ledgerPlace(models: IModelBucket, endpointName: string): { bucket: string; key: string } {
  return { bucket: models.bucket.bucketName, key: `${RELEASES}/${endpointName}.json` };
}

/** Reading the ledger, and besides whatever is asked for. */
export function allowLedger(role: IRole, models: IModelBucket, endpointName: string, actions: string[] = []): void {
  allow(role, {
    actions: ['s3:GetObject', ...actions],
    resources: [models.bucket.arnForObjects(ledgerPlace(models, endpointName).key)],
  });
  allowList(role, models.bucket, [`${RELEASES}/`], true);
  allowKey(role, models.encryptionKey, actions.includes('s3:PutObject') ? 'write' : 'read');
}

/** Removing what releases left behind. */
export function allowTidying(scope: Construct, role: IRole, endpointName: string): void {
  const names = endpointArns(scope, endpointName);
  allow(role, { actions: ['sagemaker:DescribeEndpoint'], resources: [names.endpoint] });
  allow(role, {
    actions: ['sagemaker:DescribeEndpointConfig', 'sagemaker:DeleteEndpointConfig', 'sagemaker:ListTags'],
    resources: [names.configs],
    wildcardReason: RELEASE_NAMES_REASON,
  });
  allow(role, {
    actions: ['sagemaker:DeleteModel', 'sagemaker:ListTags'],
    resources: [names.models],
    wildcardReason: RELEASE_NAMES_REASON,
  });
  allow(role, {
    actions: ['sagemaker:ListEndpointConfigs', 'sagemaker:ListModels'],
    resources: ['*'],
    wildcardReason: 'Listing takes no resource; it shows names only.',
  });
}

/** Reading the manifests of a model's artifacts. */
export function allowManifests(role: IRole, models: IModelBucket, prefix: string): void {
  allowObjects(role, models.bucket, prefix, ['s3:GetObject'], '*/manifest.json');
  allowList(role, models.bucket, [prefix], true);
  allowKey(role, models.encryptionKey, 'read');
}
