import { Manifest } from '../../lambda/engine/manifest';
import { approvalMessage } from '../../lambda/notify/approval-message';
import { StatusEvent } from '../../lambda/notify/status-event';
import { packageRequest, Registration } from '../../lambda/registry/package-request';

const manifest = {
  format: 'tflite',
  recipe: { method: 'int8', mode: 'best' },
  generator: { name: 'modelpress', version: '1.2.3' },
  source: { root: 's3://models/raw/digits/run-1/', files: [{ key: 'model.tflite', size: 4, etag: 'x' }] },
  totals: { bytesBefore: 4000, bytesAfter: 1000, relativeError: 0.01, sqnrDb: 40, sparsity: 0 },
} as unknown as Manifest;

const registration: Registration = {
  group: 'digits-live',
  approval: 'PendingManualApproval',
  artifact: 's3://models/compressed/digits/run-1/',
  manifest,
  manifestSha256: 'a'.repeat(64),
  model: 'digits',
  build: 'run-1',
  image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/serve:1',
  environment: { A: 'b' },
  execution: 'arn:aws:states:eu-west-1:111122223333:execution:build:run-1',
  trainingJobArn: 'arn:aws:sagemaker:eu-west-1:111122223333:training-job/digits-run-1-0000',
  evaluation: 's3://models/evaluation/digits/run-1/',
  metrics: [{ metric: 'accuracy', raw: 0.97, compressed: 0.96 }],
  gatesDigest: 'b'.repeat(64),
  evaluationDigest: 'c'.repeat(64),
};

test('a build is registered with where it came from and how good it is', () => {
  expect(packageRequest(registration)).toMatchObject({
    ModelPackageGroupName: 'digits-live',
    ModelPackageDescription: 'Build run-1 of digits: int8, 4.00 times smaller, relative error 0.01',
    ModelApprovalStatus: 'PendingManualApproval',
    ClientToken: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    InferenceSpecification: {
      Containers: [
        {
          Image: registration.image,
          Environment: { A: 'b' },
          ModelDataSource: {
            S3DataSource: { S3Uri: registration.artifact, S3DataType: 'S3Prefix', CompressionType: 'None' },
          },
        },
      ],
    },
    MetadataProperties: { GeneratedBy: registration.execution },
    ModelMetrics: {
      ModelQuality: { Statistics: { S3Uri: 's3://models/evaluation/digits/run-1/metrics.json' } },
    },
    CustomerMetadataProperties: {
      build: 'run-1',
      recipe: 'int8',
      manifestSha256: 'a'.repeat(64),
      sourceSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      trainingJob: registration.trainingJobArn,
      relativeError: '0.01',
      gatesDigest: 'b'.repeat(64),
      evaluationDigest: 'c'.repeat(64),
      evaluation: registration.evaluation,
      'raw.accuracy': '0.97',
      'compressed.accuracy': '0.96',
    },
  });
});

test('the same artifact has the same token, another has another', () => {
  const token = (changes: Partial<Registration>): unknown =>
    packageRequest({ ...registration, ...changes }).ClientToken;
  expect(token({ execution: 'again' })).toBe(token({}));
  expect(token({ manifestSha256: 'b'.repeat(64) })).not.toBe(token({}));
});

test('notes keep to what SageMaker takes', () => {
  const metrics = Array.from({ length: 40 }, (_, n) => ({ metric: `m${n}`, raw: n, compressed: n }));
  const { CustomerMetadataProperties: notes = {} } = packageRequest({
    ...registration,
    metrics,
    trainingJobArn: undefined,
    build: `{"${'x'.repeat(300)}"}`,
  });
  expect(Object.keys(notes)).toHaveLength(50);
  expect(notes).not.toHaveProperty('trainingJob');
  expect(notes.build).toMatch(/^__x{254}$/);
  expect(packageRequest({ ...registration, evaluation: undefined })).not.toHaveProperty('ModelMetrics');
});

describe('the question to a person', () => {
  const pipeline = {
    modelName: 'digits',
    endpointName: 'digits-live',
    buildMachineArn: 'build',
    releaseMachineArn: 'release',
  };
  const ended = (output: Record<string, unknown>): StatusEvent => ({
    executionArn: registration.execution,
    stateMachineArn: 'build',
    name: 'run-1',
    status: 'SUCCEEDED',
    output,
  });
  const modelPackageArn = 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/digits-live/3';

  test('has the numbers, and the commands that answer it', () => {
    const message = approvalMessage(
      pipeline,
      ended({
        registered: { modelPackageArn, approval: 'PendingManualApproval' },
        compression: manifest.totals,
        evaluated: { metrics: registration.metrics },
      }),
    );
    expect(message).toMatchObject({
      kind: 'waiting-for-approval',
      machine: 'build',
      subject: 'modelpress: build of digits waits for approval',
    });
    expect(message!.text).toContain('size: 4000 bytes before compression, 1000 after\nrelative error: 0.01\n');
    expect(message!.text).toContain('accuracy: 0.97 before compression, 0.96 after\n');
    expect(message!.text).toContain(
      `to release it: aws sagemaker update-model-package --model-package-arn ${modelPackageArn} --model-approval-status Approved\n`,
    );
  });

  test.each([
    ['was released at once', { registered: { modelPackageArn, approval: 'Approved' } }],
    ['had nothing to do', { prepared: {} }],
  ])('is not put for a build that %s', (_, output) => expect(approvalMessage(pipeline, ended(output))).toBeUndefined());
});
