import { AsyncInference } from '../async-inference';
import { CaptureMode, DataCapture } from '../data-capture';
import { EndpointSpecification } from '../endpoint-specification';
import { IModelBucket } from '../model-bucket';
import { asyncPlaces } from './async-places';
import { CAPTURED } from './prefixes';
import { renderManagedInstances } from './render-component';
import { renderExplainer, validateExplainer } from './render-explainer';
import { ensure, requireDuration, requireWhole } from './validate';
import { withoutGaps } from './without-gaps';

/** Further fields of an endpoint config, in the shape of the SageMaker API. */
export function renderEndpointConfig(
  spec: EndpointSpecification,
  endpointName: string,
  models: IModelBucket,
): Record<string, unknown> {
  const { asyncInference, dataCapture } = spec;
  return withoutGaps({
    AsyncInferenceConfig: asyncInference && renderAsync(asyncInference, endpointName, models),
    DataCaptureConfig: dataCapture && renderCapture(dataCapture, `s3://${models.bucket.bucketName}/${CAPTURED}`),
    ExplainerConfig: spec.explainer && { ClarifyExplainerConfig: renderExplainer(spec.explainer) },
  });
}

/** Further fields of the variant, in the shape of the SageMaker API. Pools take the place of one instance type. */
export function renderVariant(spec: EndpointSpecification): Record<string, unknown> {
  const { inferenceComponent, instanceType, fallbackInstanceTypes, instanceProvisionTimeout } = spec;
  if (inferenceComponent !== undefined) return renderManagedInstances(inferenceComponent);
  if (fallbackInstanceTypes === undefined) return {};
  return withoutGaps({
    InstancePools: [instanceType, ...fallbackInstanceTypes].map(({ name }, index) => ({
      InstanceType: name,
      Priority: index + 1,
    })),
    VariantInstanceProvisionTimeoutInSeconds: instanceProvisionTimeout?.toSeconds(),
  });
}

/** Checks what goes together with what, and why not. */
export function validateFeatures(spec: EndpointSpecification): void {
  const { dataCapture, explainer } = spec;
  if (dataCapture !== undefined) {
    requireWhole(dataCapture.samplingPercentage, 'dataCapture.samplingPercentage', 0, 100);
    ensure(
      dataCapture.modes === undefined || dataCapture.modes.length > 0,
      'dataCapture.modes must name at least one of INPUT and OUTPUT, or be left out for both',
    );
  }
  if (explainer !== undefined) validateExplainer(explainer);
  validateAsync(spec);
  validateFallbacks(spec);
}

function validateAsync({ asyncInference, dataCapture, explainer }: EndpointSpecification): void {
  if (asyncInference === undefined) return;
  const most = asyncInference.maxConcurrentInvocationsPerInstance;
  requireWhole(most, 'asyncInference.maxConcurrentInvocationsPerInstance', 1, 1000);
  ensure(
    explainer === undefined,
    'explainer cannot go together with asyncInference: SageMaker Clarify explains the predictions of endpoints that answer at once',
  );
  ensure(
    dataCapture === undefined,
    'dataCapture cannot go together with asyncInference, whose requests and answers lie in the bucket anyway',
  );
}

function validateFallbacks(spec: EndpointSpecification): void {
  const { fallbackInstanceTypes: fallbacks, instanceProvisionTimeout, instanceType } = spec;
  requireDuration(instanceProvisionTimeout, 'instanceProvisionTimeout', 300, 3600);
  ensure(
    fallbacks !== undefined || instanceProvisionTimeout === undefined,
    'instanceProvisionTimeout needs fallbackInstanceTypes: it says when to go on to the next of them',
  );
  if (fallbacks === undefined) return;
  ensure(
    fallbacks.length >= 1 && fallbacks.length <= 4,
    `fallbackInstanceTypes must have 1 to 4 entries, received: ${fallbacks.length}`,
  );
  const names = [instanceType, ...fallbacks].map(({ name }) => name);
  ensure(new Set(names).size === names.length, `fallbackInstanceTypes must differ, received: ${names.join(', ')}`);
  for (const fallback of fallbacks) {
    ensure(
      fallback.hasGpu === instanceType.hasGpu && fallback.hasLocalDisk === instanceType.hasLocalDisk,
      `${fallback.name} cannot stand in for ${instanceType.name}: all of them must have GPUs or none, for they run the same image, ` +
        'and all a disk of their own or none, for they share one volume setting',
    );
  }
  ensure(
    spec.updatePolicy?._isRolling() !== true,
    'a rolling update replaces instances by others of the same type, which fallbackInstanceTypes do not promise; take allAtOnce(), canary() or linear()',
  );
}

function renderCapture(capture: DataCapture, destination: string): Record<string, unknown> {
  return {
    EnableCapture: true,
    InitialSamplingPercentage: capture.samplingPercentage,
    DestinationS3Uri: destination,
    CaptureOptions: (capture.modes ?? [CaptureMode.INPUT, CaptureMode.OUTPUT]).map((mode) => ({ CaptureMode: mode })),
    CaptureContentTypeHeader: { CsvContentTypes: ['text/csv'], JsonContentTypes: ['application/json'] },
  };
}

function renderAsync(
  { successTopic, errorTopic, maxConcurrentInvocationsPerInstance }: AsyncInference,
  endpointName: string,
  models: IModelBucket,
): Record<string, unknown> {
  const { answers, failures } = asyncPlaces(endpointName);
  const topics = withoutGaps({ SuccessTopic: successTopic?.topicArn, ErrorTopic: errorTopic?.topicArn });
  return withoutGaps({
    ClientConfig: maxConcurrentInvocationsPerInstance && {
      MaxConcurrentInvocationsPerInstance: maxConcurrentInvocationsPerInstance,
    },
    OutputConfig: withoutGaps({
      S3OutputPath: `s3://${models.bucket.bucketName}/${answers}`,
      S3FailurePath: `s3://${models.bucket.bucketName}/${failures}`,
      KmsKeyId: models.encryptionKey?.keyArn,
      NotificationConfig: Object.keys(topics).length === 0 ? undefined : topics,
    }),
  });
}
