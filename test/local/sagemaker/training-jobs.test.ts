import { StopTrainingJobCommand, CreateTrainingJobCommand, ListTrainingJobsCommand } from '@aws-sdk/client-sagemaker';
import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { create, list } from 'tar';
import { BUCKET, gone, TestSageMaker, until } from './test-sagemaker';

let sageMaker: TestSageMaker;
beforeAll(async () => (sageMaker = await TestSageMaker.start()));
afterAll(() => sageMaker.close());

/** A script that announces its process in the log and then takes its time. */
const SLEEPER = 'import os, time\nprint("pid", os.getpid(), flush=True)\ntime.sleep(300)\n';

async function pidOf(job: string): Promise<number> {
  const log = join(sageMaker.stateDir, 'logs/training', `${job}.log`);
  const text = await until(
    () => readFile(log, 'utf8').catch(() => ''),
    (found) => /^pid \d+$/m.test(found),
  );
  return Number(/^pid (\d+)$/m.exec(text)![1]);
}

test('a script sees the training contract, and its model is an S3 prefix', async () => {
  await sageMaker.put('data/train/a.csv', '1,2\n');
  await sageMaker.put('data/train/deep/b.csv', '3,4\n');
  const script = `
import argparse, json, os
parser = argparse.ArgumentParser()
parser.add_argument("--learning-rate", type=float)
parser.add_argument("--name")
options = parser.parse_args()
train = os.environ["SM_CHANNEL_TRAIN"]
seen = {
    "rate": options.learning_rate, "name": options.name,
    "files": sorted(os.path.relpath(os.path.join(d, f), train) for d, _, fs in os.walk(train) for f in fs),
    "hps": json.loads(os.environ["SM_HPS"]), "channels": json.loads(os.environ["SM_CHANNELS"]),
    "gpus": os.environ["SM_NUM_GPUS"], "hosts": json.loads(os.environ["SM_HOSTS"]), "own": os.environ["OWN"],
    "config": json.load(open(os.environ["SM_INPUT_CONFIG_DIR"] + "/resourceconfig.json"))["hosts"],
    "job": os.environ["TRAINING_JOB_NAME"],
}
os.makedirs(os.environ["SM_MODEL_DIR"] + "/sub")
open(os.environ["SM_MODEL_DIR"] + "/empty", "w").close()
json.dump(seen, open(os.environ["SM_MODEL_DIR"] + "/sub/seen.json", "w"))
open(os.environ["SM_OUTPUT_DATA_DIR"] + "/notes.txt", "w").write("notes")
print("loss=0.5"); print("loss=0.25")
`;
  const name = await sageMaker.train(script, {
    HyperParameters: { 'learning-rate': '0.01', name: '"digits"' },
    Environment: { OWN: 'yes' },
    EnableManagedSpotTraining: true,
    StoppingCondition: { MaxRuntimeInSeconds: 600, MaxWaitTimeInSeconds: 1200 },
    AlgorithmSpecification: {
      TrainingImage: 'x/tensorflow-training:2.21',
      TrainingInputMode: 'File',
      MetricDefinitions: [{ Name: 'loss', Regex: 'loss=([0-9.]+)' }],
    },
    InputDataConfig: [
      {
        ChannelName: 'train',
        DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: `s3://${BUCKET}/data/train` } },
      },
    ],
  });
  const job = await sageMaker.finished(name);
  expect(job.FailureReason).toBeUndefined();
  expect(job.TrainingJobStatus).toBe('Completed');
  expect(job.SecondaryStatusTransitions!.map(({ Status }) => Status)).toEqual([
    'Starting',
    'Downloading',
    'Training',
    'Uploading',
    'Completed',
  ]);
  expect(job.FinalMetricDataList).toMatchObject([{ MetricName: 'loss', Value: 0.25 }]);
  expect(job.ModelArtifacts!.S3ModelArtifacts).toBe(`s3://${BUCKET}/raw/${name}/output/model`);
  expect(await sageMaker.keys(`raw/${name}/`)).toEqual([
    `raw/${name}/output/data/notes.txt`,
    `raw/${name}/output/model/empty`,
    `raw/${name}/output/model/sub/seen.json`,
  ]);
  expect(JSON.parse(Buffer.from(await sageMaker.get(`raw/${name}/output/model/sub/seen.json`)).toString())).toEqual({
    rate: 0.01,
    name: 'digits',
    files: ['a.csv', 'deep/b.csv'],
    hps: { 'learning-rate': 0.01, name: 'digits' },
    channels: ['train'],
    gpus: '0',
    hosts: ['algo-1'],
    own: 'yes',
    config: ['algo-1'],
    job: name,
  });
});

test('GZIP output is one model.tar.gz', async () => {
  const script = 'import os\nopen(os.environ["SM_MODEL_DIR"] + "/weights.bin", "wb").write(bytes(100))\n';
  const name = await sageMaker.train(script, {
    OutputDataConfig: { S3OutputPath: `s3://${BUCKET}/raw/`, CompressionType: 'GZIP' },
  });
  const job = await sageMaker.finished(name);
  expect(job.ModelArtifacts!.S3ModelArtifacts).toBe(`s3://${BUCKET}/raw/${name}/output/model.tar.gz`);
  const file = join(sageMaker.folder, `${name}.tar.gz`);
  await writeFile(file, await sageMaker.get(`raw/${name}/output/model.tar.gz`));
  const entries: string[] = [];
  await list({ file, onReadEntry: (entry) => entries.push(`${entry.path} ${entry.size}`) });
  expect(entries).toEqual(['weights.bin 100']);
});

test('a script that fails gives AlgorithmError with its traceback and exit code', async () => {
  const job = await sageMaker.finished(await sageMaker.train('raise ValueError("no such column: label")'));
  expect(job.TrainingJobStatus).toBe('Failed');
  expect(job.FailureReason).toMatch(/^AlgorithmError: ExecuteUserScriptError:/);
  expect(job.FailureReason).toContain('ValueError: no such column: label');
  expect(job.FailureReason).toMatch(/exit code: 1$/);
  expect(job.ModelArtifacts).toBeUndefined();
});

test('what a script writes into output/failure is the reason', async () => {
  const script =
    'import os, sys\nopen(os.environ["SM_OUTPUT_DIR"] + "/failure", "w").write("out of data")\nsys.exit(7)\n';
  const job = await sageMaker.finished(await sageMaker.train(script));
  expect(job.FailureReason).toBe('AlgorithmError: out of data, exit code: 7');
});

test('a missing program names what the source holds', async () => {
  const job = await sageMaker.finished(
    await sageMaker.train('pass', { HyperParameters: { sagemaker_program: '"trian.py"' } }),
  );
  expect(job.FailureReason).toContain(
    'sagemaker_program is trian.py, which is not in the source; the source holds: train.py',
  );
});

test('an image without a stand-in is refused by name', async () => {
  const name = await sageMaker.train('pass', {
    AlgorithmSpecification: { TrainingImage: '1.dkr.ecr.us-east-1.amazonaws.com/my-own:1', TrainingInputMode: 'File' },
  });
  const job = await sageMaker.finished(name);
  expect(job.FailureReason).toMatch(
    /^ClientError: the image .*my-own:1 cannot be run on this machine: there is no stand-in for "my-own"/,
  );
});

test('a channel without objects fails as a client error', async () => {
  const name = await sageMaker.train('pass', {
    InputDataConfig: [
      {
        ChannelName: 'train',
        DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: `s3://${BUCKET}/nothing/` } },
      },
    ],
  });
  const job = await sageMaker.finished(name);
  expect(job.FailureReason).toBe(`ClientError: No S3 objects found under S3 URL "s3://${BUCKET}/nothing/"`);
});

test('a source archive that leads outside its folder is refused', async () => {
  const folder = join(sageMaker.folder, 'hostile', 'inner');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, '..', 'outside.txt'), 'outside');
  const file = join(sageMaker.folder, 'hostile.tar.gz');
  await create({ file, cwd: folder, gzip: true, preservePaths: true }, ['../outside.txt']);
  await sageMaker.put('hostile.tar.gz', await readFile(file));
  const name = await sageMaker.train('pass', {
    HyperParameters: { sagemaker_submit_directory: `s3://${BUCKET}/hostile.tar.gz` },
  });
  const job = await sageMaker.finished(name);
  expect(job.FailureReason).toContain(
    'hostile.tar.gz cannot be unpacked: its entry ../outside.txt (File) is no plain file inside the archive',
  );
});

test('a stopped job is Stopped, keeps its model, and its processes are gone', async () => {
  const script = `import os\nopen(os.environ["SM_MODEL_DIR"] + "/partial", "w").write("x")\n${SLEEPER}`;
  const name = await sageMaker.train(script);
  const pid = await pidOf(name);
  await sageMaker.client.send(new StopTrainingJobCommand({ TrainingJobName: name }));
  const job = await sageMaker.finished(name);
  expect([job.TrainingJobStatus, job.SecondaryStatus]).toEqual(['Stopped', 'Stopped']);
  await gone(pid);
  expect(await sageMaker.keys(`raw/${name}/`)).toEqual([`raw/${name}/output/model/partial`]);
  await expect(sageMaker.client.send(new StopTrainingJobCommand({ TrainingJobName: name }))).rejects.toMatchObject({
    name: 'ValidationException',
    message: 'The request was rejected because the training job is in status Stopped.',
  });
});

test('a job that takes too long is stopped with MaxRuntimeExceeded', async () => {
  const name = await sageMaker.train(SLEEPER, { StoppingCondition: { MaxRuntimeInSeconds: 1 } });
  const job = await sageMaker.finished(name);
  expect([job.TrainingJobStatus, job.SecondaryStatus]).toEqual(['Stopped', 'MaxRuntimeExceeded']);
});

test('checkpoints go to their address and come back in the next job', async () => {
  const script = `
import os
place = os.path.dirname(os.environ["SM_MODEL_DIR"]) + "/checkpoints/count"
count = int(open(place).read()) + 1 if os.path.exists(place) else 1
open(place, "w").write(str(count))
`;
  const CheckpointConfig = { S3Uri: `s3://${BUCKET}/checkpoints/run` };
  for (const expected of ['1', '2']) {
    const job = await sageMaker.finished(await sageMaker.train(script, { CheckpointConfig }));
    expect(job.TrainingJobStatus).toBe('Completed');
    expect(Buffer.from(await sageMaker.get('checkpoints/run/count')).toString()).toBe(expected);
  }
});

test('names are unique, requests are checked, and lists are newest first', async () => {
  const name = await sageMaker.train('pass');
  await sageMaker.finished(name);
  const { HyperParameters, AlgorithmSpecification, OutputDataConfig, ResourceConfig, RoleArn } =
    await sageMaker.job(name);
  const request = {
    TrainingJobName: name,
    HyperParameters,
    AlgorithmSpecification,
    OutputDataConfig,
    ResourceConfig,
    RoleArn,
  };
  const again = new CreateTrainingJobCommand({ ...request, StoppingCondition: { MaxRuntimeInSeconds: 60 } });
  await expect(sageMaker.client.send(again)).rejects.toMatchObject({ name: 'ResourceInUse' });
  const spot = new CreateTrainingJobCommand({ ...request, StoppingCondition: { MaxWaitTimeInSeconds: 60 } });
  await expect(sageMaker.client.send(spot)).rejects.toThrow('only when EnableManagedSpotTraining is true');
  const bare = new CreateTrainingJobCommand({ TrainingJobName: 'bare' } as never);
  await expect(sageMaker.client.send(bare)).rejects.toThrow(
    /^5 validation errors detected: Value null at 'algorithmSpecification'/,
  );
  const { TrainingJobSummaries: found, NextToken } = await sageMaker.client.send(
    new ListTrainingJobsCommand({ MaxResults: 1 }),
  );
  expect(found).toMatchObject([{ TrainingJobName: name, TrainingJobStatus: 'Completed' }]);
  const next = await sageMaker.client.send(new ListTrainingJobsCommand({ MaxResults: 100, NextToken }));
  expect(next.TrainingJobSummaries!.map((entry) => entry.TrainingJobName)).not.toContain(name);
});

test('a job that runs when the server is closed is Failed afterwards, and its processes are gone', async () => {
  const name = await sageMaker.train(SLEEPER);
  const pid = await pidOf(name);
  await sageMaker.server.close();
  await gone(pid);
  await sageMaker.open();
  const job = await sageMaker.job(name);
  expect(job.TrainingJobStatus).toBe('Failed');
  expect(job.FailureReason).toContain('closed while the job ran');
});
