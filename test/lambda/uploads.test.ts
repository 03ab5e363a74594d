import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { makeClients } from '../../cli/pipeline/clients';
import { Pipeline } from '../../cli/pipeline/find-pipeline';
import { Terminal } from '../../cli/terminal';
import { startTestAws, TestAws } from '../support/local-aws';

let aws: TestAws;
let states: SFNClient;
const saved = { ...process.env };
let cases = 0;

beforeAll(async () => {
  aws = await startTestAws();
  states = new SFNClient(aws.config);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  await aws.s3.send(new CreateBucketCommand({ Bucket: 'models' }));
});

/** What waits for more files says so. */
beforeAll(() => void jest.spyOn(console, 'info').mockImplementation());

afterAll(async () => {
  process.env = saved;
  await aws.close();
});

/** Does nothing, and fails for models in a folder of that name. */
const MACHINE = {
  StartAt: 'Which?',
  States: {
    'Which?': {
      Type: 'Choice',
      Choices: [
        {
          And: [
            { Variable: '$.source', IsPresent: true },
            { Variable: '$.source', StringMatches: '*/fails/' },
          ],
          Next: 'Failed',
        },
      ],
      Default: 'Done',
    },
    Failed: { Type: 'Fail' },
    Done: { Type: 'Succeed' },
  },
};

/** What the stack gives a function, and a folder and a machine of the test's own. */
beforeEach(async () => {
  const name = `case-${++cases}`;
  const made = await states.send(
    new CreateStateMachineCommand({
      name,
      definition: JSON.stringify(MACHINE),
      roleArn: 'arn:aws:iam::123456789012:role/states',
    }),
  );
  Object.assign(process.env, {
    STATE_MACHINE_ARN: made.stateMachineArn,
    BUCKET: 'models',
    PREFIX: `${name}/`,
    FORMAT: 'safetensors',
    INPUTS_DIGEST: 'recipe-1',
    MARKER: '_SUCCESS',
  });
});

/** What was put last. */
let last = '';

const put = (key: string, body = 'done'): Promise<unknown> =>
  aws.s3.send(new PutObjectCommand({ Bucket: 'models', Key: `case-${cases}/${(last = key)}`, Body: body }));
const remove = (key: string): Promise<unknown> =>
  aws.s3.send(new DeleteObjectCommand({ Bucket: 'models', Key: `case-${cases}/${key}` }));
/** S3 keeps the seconds of an upload only. */
const nextSecond = (): Promise<void> => sleep(1000 - (Date.now() % 1000) + 20);

interface Answer {
  readonly started: boolean;
  readonly source?: string;
  readonly executionName?: string;
}

/** What comes of the event of a file, by default of the last. */
async function uploaded(key = last): Promise<Answer> {
  const { handler } = await import('../../lambda/run-on-new-model');
  return handler({ detail: { object: { key: `case-${cases}/${key}` } } });
}

async function ended(name: string): Promise<void> {
  const executionArn = `${process.env.STATE_MACHINE_ARN!.replace(':stateMachine:', ':execution:')}:${name}`;
  for (;;) {
    const { status } = await states.send(new DescribeExecutionCommand({ executionArn }));
    if (status === 'FAILED') return;
    expect(status).toBe('RUNNING');
    await sleep(20);
  }
}

async function executions(): Promise<string[]> {
  const { executions: found } = await states.send(
    new ListExecutionsCommand({ stateMachineArn: process.env.STATE_MACHINE_ARN }),
  );
  return found!.map(({ name }) => name!);
}

/** The command line as a person calls it; the pipeline is what it found in the stack. */
async function byHand(source: string): Promise<{ build: string; started: boolean }> {
  const { run } = await import('../../cli/pipeline/run');
  let stdout = '';
  const write = (text: string): boolean => ((stdout += text), true);
  const pipeline = {
    inputsDigest: process.env.INPUTS_DIGEST,
    buildMachine: process.env.STATE_MACHINE_ARN,
  } as unknown as Pipeline;
  const command = { name: 'run', stack: 'x', model: undefined, json: true, input: { source }, wait: false } as const;
  await run({ ...makeClients(), states }, pipeline, command, { stdout: { write } } as unknown as Terminal);
  return JSON.parse(stdout) as { build: string; started: boolean };
}

describe('a model with a marker', () => {
  test('is built once it is complete, from its folder, however often and from wherever events come', async () => {
    await put('v1/model.safetensors', 'one');
    expect(await uploaded()).toEqual({ started: false });
    await put('v1/_SUCCESS');
    const first = await uploaded();
    expect(first).toMatchObject({ started: true, source: `s3://models/case-${cases}/v1/` });
    expect(first.executionName).toMatch(/^model-[0-9a-f]{24}$/);
    expect(await Promise.all([uploaded(), uploaded(), uploaded()])).toEqual(
      Array(3).fill({ ...first, started: false }),
    );
    expect(await executions()).toEqual([first.executionName]);
    const execution = await states.send(
      new DescribeExecutionCommand({
        executionArn: `${process.env.STATE_MACHINE_ARN!.replace(':stateMachine:', ':execution:')}:${first.executionName}`,
      }),
    );
    const { Contents } = await aws.s3.send(
      new ListObjectsV2Command({ Bucket: 'models', Prefix: `case-${cases}/v1/_SUCCESS` }),
    );
    const begun = Contents![0].LastModified!.toISOString();
    expect(JSON.parse(execution.input!)).toEqual({ source: first.source, begun });
  });

  test('is passed over when a newer one is there, so that late events bring nothing old back', async () => {
    await put('v1/_SUCCESS');
    await nextSecond();
    await put('v2/_SUCCESS');
    // The event of v1 comes late, before that of v2 or after it.
    expect(await uploaded('v1/_SUCCESS')).toEqual({ started: false });
    const second = await uploaded();
    expect(second).toMatchObject({ started: true, source: `s3://models/case-${cases}/v2/` });
    expect(await uploaded('v1/_SUCCESS')).toEqual({ started: false });
    expect(await uploaded()).toEqual({ ...second, started: false });
    expect(await executions()).toEqual([second.executionName]);
  });

  test('that is being uploaded again waits for its new marker', async () => {
    await put('model.safetensors', 'one');
    await put('_SUCCESS');
    const first = await uploaded();
    expect(first).toMatchObject({ started: true, source: `s3://models/case-${cases}/` });
    await nextSecond();
    await put('model.safetensors', 'two');
    expect(await uploaded()).toEqual({ started: false });
    await put('_SUCCESS');
    const second = await uploaded();
    expect(second.started).toBe(true);
    expect(second.executionName).not.toBe(first.executionName);
  });

  test('that went through another recipe or endpoint is another build; the same upload later is none', async () => {
    await put('_SUCCESS');
    const { executionName } = await uploaded();
    process.env.INPUTS_DIGEST = 'recipe-2';
    const again = await uploaded();
    expect(again.started).toBe(true);
    expect(again.executionName).not.toBe(executionName);
    process.env.INPUTS_DIGEST = 'recipe-1';
    expect(await uploaded()).toMatchObject({ started: false, executionName });
  });
});

describe('a model whose build has failed', () => {
  test('is built again when it is uploaded again or a person asks, not when its event comes again', async () => {
    await put('fails/model.safetensors', 'one');
    await put('fails/_SUCCESS');
    const first = await uploaded();
    expect(first.started).toBe(true);
    await ended(first.executionName!);
    expect(await uploaded()).toEqual({ ...first, started: false });
    expect(await byHand(first.source!)).toMatchObject({ build: `${first.executionName}-2`, started: true });
    await ended(`${first.executionName}-2`);
    expect(await uploaded()).toEqual({ ...first, started: false });
    await nextSecond();
    await put('fails/model.safetensors', 'one');
    await put('fails/_SUCCESS');
    const second = await uploaded();
    expect(second).toMatchObject({ started: true, source: first.source });
    expect(second.executionName).not.toBe(first.executionName);
    await ended(second.executionName!);
    expect(await uploaded()).toEqual({ ...second, started: false });
    expect((await executions()).sort()).toEqual(
      [first.executionName!, `${first.executionName}-2`, second.executionName!].sort(),
    );
  });
});

describe('a model without a marker', () => {
  beforeEach(() => delete process.env.MARKER);
  const shard = (n: number): string => `v1/model-0000${n}-of-00002.safetensors`;
  const index = JSON.stringify({
    weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
  });

  test.each([
    [[shard(1), shard(2), 'v1/model.safetensors.index.json']],
    [['v1/model.safetensors.index.json', shard(2), shard(1)]],
    [[shard(2), 'v1/model.safetensors.index.json', shard(1)]],
  ])('is complete with its index and every shard, whatever comes last: %j', async (keys) => {
    await put('v1/config.json', '{}');
    const answers: Answer[] = [];
    for (const key of keys) {
      await put(key, key.endsWith('.json') ? index : 'weights');
      answers.push(await uploaded());
    }
    expect(answers.map(({ started }) => started)).toEqual([false, false, true]);
    expect(await uploaded()).toEqual({ ...answers[2], started: false });
    expect(await executions()).toHaveLength(1);
  });

  test('is not built anew, because the recipe is another by now, when parts of a next one come', async () => {
    await put('v1/model.safetensors', 'one');
    const first = await uploaded();
    expect(first.started).toBe(true);
    process.env.INPUTS_DIGEST = 'recipe-2';
    await put('v2/model-00001-of-00002.safetensors', 'two');
    expect(await uploaded()).toEqual({ started: false });
    await put('v2/model.safetensors.index.json', index);
    expect(await uploaded()).toEqual({ started: false });
    expect(await executions()).toEqual([first.executionName]);
    await put('v2/model-00002-of-00002.safetensors', 'two');
    expect(await uploaded()).toMatchObject({ started: true, source: `s3://models/case-${cases}/v2/` });
  });

  test('with a damaged index is built, so that the build tells what is wrong', async () => {
    await put('v1/model.safetensors.index.json', '{"weight_map":');
    expect((await uploaded()).started).toBe(true);
  });

  test('of one file is complete with it; putting an earlier one back is a build of its own', async () => {
    process.env.FORMAT = 'tflite';
    await put('model.tflite', 'one');
    const first = await uploaded();
    expect(first.started).toBe(true);
    await nextSecond();
    await put('model.tflite', 'two');
    expect((await uploaded()).started).toBe(true);
    await nextSecond();
    await put('model.tflite', 'one');
    expect((await uploaded()).started).toBe(true);
    expect(await executions()).toHaveLength(3);
    await remove('model.tflite');
    expect(await uploaded()).toEqual({ started: false });
  });
});

describe('a model with other files beside it', () => {
  test.each([
    ['its marker', '_SUCCESS', 'safetensors'],
    ['its own files', undefined, 'tflite'],
  ])('is the same build for an upload that is complete by %s and for a person', async (_, marker, format) => {
    if (marker === undefined) delete process.env.MARKER;
    process.env.FORMAT = format;
    await put('v1/labels.txt', 'a');
    await put('v1/assets/vocabulary.json', '{}');
    await put('other/labels.txt', 'of another model');
    await put(`v1/model.${format}`, 'one');
    if (marker !== undefined) await put(`v1/${marker}`);
    const event = await uploaded();
    expect(event.started).toBe(true);
    const person = await byHand(event.source!);
    expect(person).toMatchObject({ build: event.executionName, started: false });
    expect(await executions()).toEqual([event.executionName]);
  });

  test('is another one when one of these changes, and whoever asks next builds it', async () => {
    delete process.env.MARKER;
    process.env.FORMAT = 'tflite';
    await put('v1/labels.txt', 'a');
    await put('v1/model.tflite', 'one');
    const first = await uploaded();
    await put('v1/labels.txt', 'b');
    const person = await byHand(first.source!);
    expect(person.started).toBe(true);
    expect(person.build).not.toBe(first.executionName);
    expect(await uploaded()).toMatchObject({ started: false, executionName: person.build });
  });
});

describe('the folder of a build in raw/', () => {
  const model = (job: string): string => `raw/digits/run-1/${job}/output/model/`;
  const source = (folder: string): string => `s3://models/case-${cases}/${folder}`;
  const find = async (folder: string): Promise<string> => {
    const { findSource } = await import('../../lambda/new-model/find-source');
    return (await findSource(aws.s3, source(folder))).address;
  };

  test('stands for the model that its training wrote, with all that lies beside it', async () => {
    await put(`${model('job-1')}model.tflite`, 'one');
    await put(`${model('job-1')}held_out.npz`, 'digits');
    await put('raw/digits/run-1/job-1/output/data/log.txt', 'done');
    const places = ['raw/digits/run-1/', 'raw/digits/run-1/job-1/', 'raw/digits/run-1/job-1/output/', model('job-1')];
    expect(await Promise.all(places.map(find))).toEqual(places.map(() => source(model('job-1'))));
    const build = await byHand(source('raw/digits/run-1/'));
    expect(await byHand(source(model('job-1')))).toMatchObject({ build: build.build, started: false });
    const { input } = await states.send(
      new DescribeExecutionCommand({
        executionArn: `${process.env.STATE_MACHINE_ARN!.replace(':stateMachine:', ':execution:')}:${build.build}`,
      }),
    );
    expect(JSON.parse(input!)).toEqual({ source: source(model('job-1')) });
  });

  test('with the models of several trainings starts nothing and names them', async () => {
    await put(`${model('job-1')}model.tflite`, 'one');
    await put(`${model('job-2')}model.tflite`, 'two');
    await expect(byHand(source('raw/digits/run-1/'))).rejects.toThrow(
      `holds the models of 2 trainings; give one of: ${source(model('job-1'))}, ${source(model('job-2'))}`,
    );
    expect(await executions()).toEqual([]);
  });

  test('of an upload is taken as it is, whatever lies below it', async () => {
    await put('v1/model.tflite', 'one');
    await put('v1/before/output/model/model.tflite', 'an earlier one');
    expect(await find('v1/')).toBe(source('v1/'));
  });
});

describe('run-on-schedule', () => {
  const occurs = async (scheduledTime: string): Promise<{ executionName: string }> => {
    const { handler } = await import('../../lambda/run-on-schedule');
    return handler({ scheduledTime });
  };

  test('builds once an occurrence, whenever and however often it is told', async () => {
    expect(await occurs('2026-11-25T03:00:00Z')).toEqual({ executionName: 'schedule-20261125-030000' });
    await occurs('2026-11-26T03:00:00Z');
    await occurs('2026-11-25T03:00:00Z');
    expect((await executions()).sort()).toEqual(['schedule-20261125-030000', 'schedule-20261126-030000']);
  });

  test('says what it was told instead of a time', async () => {
    await expect(occurs('tomorrow')).rejects.toThrow('"scheduledTime" must be a time, received: tomorrow');
  });
});
