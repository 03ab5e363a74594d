import {
  AppSpecification,
  CreateProcessingJobCommand,
  CreateProcessingJobRequest,
  DescribeProcessingJobCommand,
  DescribeProcessingJobResponse,
  ListProcessingJobsCommand,
  StopProcessingJobCommand,
} from '@aws-sdk/client-sagemaker';
import { BUCKET, ROLE, TestSageMaker, until } from './test-sagemaker';

const BASE = '/opt/ml/processing';

let sageMaker: TestSageMaker;
beforeAll(async () => (sageMaker = await TestSageMaker.start()));
afterAll(() => sageMaker.close());

async function start(
  script: string,
  more: Partial<CreateProcessingJobRequest> = {},
  app: Partial<AppSpecification> = {},
): Promise<string> {
  const name = sageMaker.name('processing');
  await sageMaker.put(`${name}/code/run.py`, script);
  await sageMaker.put(`${name}/data/deep/numbers.txt`, '1 2 3');
  const input = (part: string): object => ({
    S3Uri: `s3://${BUCKET}/${name}/${part}/`,
    LocalPath: `${BASE}/input/${part}`,
    S3DataType: 'S3Prefix',
  });
  await sageMaker.client.send(
    new CreateProcessingJobCommand({
      ProcessingJobName: name,
      RoleArn: ROLE,
      AppSpecification: { ImageUri: 'any', ContainerEntrypoint: ['python3', `${BASE}/input/code/run.py`], ...app },
      ProcessingInputs: [
        { InputName: 'code', S3Input: input('code') as never },
        { InputName: 'data', S3Input: input('data') as never },
      ],
      ProcessingOutputConfig: {
        Outputs: [
          {
            OutputName: 'out',
            S3Output: {
              S3Uri: `s3://${BUCKET}/${name}/out`,
              LocalPath: `${BASE}/output/result`,
              S3UploadMode: 'EndOfJob',
            },
          },
        ],
      },
      ProcessingResources: { ClusterConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 1 } },
      ...more,
    }),
  );
  return name;
}

const describe = (name: string): Promise<DescribeProcessingJobResponse> =>
  sageMaker.client.send(new DescribeProcessingJobCommand({ ProcessingJobName: name }));

const finished = (name: string): Promise<DescribeProcessingJobResponse> =>
  until(
    () => describe(name),
    (job) => !['InProgress', 'Stopping'].includes(job.ProcessingJobStatus!),
  );

test('a script gets its inputs, arguments and environment, and its output is uploaded', async () => {
  const script = `
import json, os, pathlib, sys
data, out = map(pathlib.Path, sys.argv[1:])
total = sum(map(int, (data / "deep/numbers.txt").read_text().split()))
(out / "sum.json").write_text(json.dumps({"sum": total, "own": os.environ["OWN"]}))
(pathlib.Path(os.environ["PROCESSING_DIR"]) / "output/result/second.txt").write_text("2")
`;
  const name = await start(
    script,
    { Environment: { OWN: 'yes' } },
    { ContainerArguments: [`${BASE}/input/data`, `${BASE}/output/result`] },
  );
  const job = await finished(name);
  expect(job.FailureReason).toBeUndefined();
  expect(job.ProcessingJobStatus).toBe('Completed');
  expect(await sageMaker.keys(`${name}/out/`)).toEqual([`${name}/out/second.txt`, `${name}/out/sum.json`]);
  expect(JSON.parse(Buffer.from(await sageMaker.get(`${name}/out/sum.json`)).toString())).toEqual({
    sum: 6,
    own: 'yes',
  });
});

test('a script that fails gives AlgorithmError with the end of its output', async () => {
  const job = await finished(await start('raise KeyError("accuracy")'));
  expect(job.ProcessingJobStatus).toBe('Failed');
  expect(job.FailureReason).toMatch(/^AlgorithmError: Traceback[^]*KeyError: 'accuracy', exit code: 1$/);
});

test('a command that does not exist, and an image without one, are told', async () => {
  const missing = await finished(await start('pass', {}, { ContainerEntrypoint: ['no-such-program'] }));
  expect(missing.FailureReason).toContain("the container's entry point cannot be run");
  const bare = await finished(await start('pass', {}, { ContainerEntrypoint: undefined }));
  expect(bare.FailureReason).toContain('the image any cannot be run on this machine without a command');
});

test('a job can be stopped, and one that takes too long is', async () => {
  const name = await start('import time\ntime.sleep(300)');
  await sageMaker.client.send(new StopProcessingJobCommand({ ProcessingJobName: name }));
  expect((await finished(name)).ProcessingJobStatus).toBe('Stopped');
  const slow = await start('import time\ntime.sleep(300)', { StoppingCondition: { MaxRuntimeInSeconds: 1 } });
  expect((await finished(slow)).ProcessingJobStatus).toBe('Stopped');
  const { ProcessingJobSummaries: found } = await sageMaker.client.send(
    new ListProcessingJobsCommand({ StatusEquals: 'Stopped' }),
  );
  expect(found!.map((job) => job.ProcessingJobName)).toEqual([slow, name]);
});
