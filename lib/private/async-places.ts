import { Grant, IGrantable, IRole } from 'aws-cdk-lib/aws-iam';
import { IModelBucket } from '../model-bucket';
import { AsyncInference } from '../async-inference';
import { allow, allowKey, allowList, allowObjects } from './grants';
import { ASYNC } from './prefixes';

/** Folders of an endpoint that answers later, in the bucket. */
export function asyncPlaces(endpointName: string): { requests: string; answers: string; failures: string } {
  const folder = `${ASYNC}/${endpointName}`;
  return { requests: `${folder}/requests/`, answers: `${folder}/answers/`, failures: `${folder}/failures/` };
}

/** What the role that hosts the model needs to take requests from the bucket, and to tell of the answers. */
export function allowAnswering(role: IRole, models: IModelBucket, endpointName: string, async: AsyncInference): void {
  const { requests, answers, failures } = asyncPlaces(endpointName);
  allowObjects(role, models.bucket, requests, ['s3:GetObject']);
  for (const folder of [answers, failures]) allowObjects(role, models.bucket, folder, ['s3:PutObject']);
  allowKey(role, models.encryptionKey, 'write');
  for (const topic of new Set([async.successTopic, async.errorTopic])) {
    if (topic === undefined) continue;
    allow(role, { actions: ['sns:Publish'], resources: [topic.topicArn] });
    allowKey(role, topic.masterKey, 'write');
  }
}

/** What the smoke test needs to ask, and to read the answers. */
export function allowAskingAsync(role: IRole, models: IModelBucket, endpointName: string): void {
  const { requests, answers, failures } = asyncPlaces(endpointName);
  allowObjects(role, models.bucket, requests, ['s3:PutObject']);
  for (const folder of [answers, failures]) allowObjects(role, models.bucket, folder, ['s3:GetObject']);
  // S3 tells "not there yet" from "denied" only to those who may list.
  allowList(role, models.bucket, [answers, failures], true);
  allowKey(role, models.encryptionKey, 'write');
}

/** The same for an identity that calls the endpoint. */
export function grantAskingAsync(grantee: IGrantable, models: IModelBucket, endpointName: string): Grant {
  const { requests, answers, failures } = asyncPlaces(endpointName);
  const on = (actions: string[], prefixes: string[]): Grant =>
    Grant.addToPrincipal({
      grantee,
      actions,
      resourceArns: prefixes.map((prefix) => models.bucket.arnForObjects(`${prefix}*`)),
    });
  const objects = on(['s3:PutObject'], [requests]).combine(on(['s3:GetObject'], [answers, failures]));
  if (models.encryptionKey === undefined) return objects;
  const key = { grantee, actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resourceArns: [models.encryptionKey.keyArn] };
  return objects.combine(Grant.addToPrincipal(key));
}
