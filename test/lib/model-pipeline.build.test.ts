import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ModelPipeline, ReleaseApproval } from '../../lib';
import { definitionOf, MachineDefinition } from './support/definition';
import { execute, executionArn, fault, TaskHandler } from './support/execute';
import { evaluationOptions, newStack, pipelineProps } from './support/pipelines';

const begun = '2026-11-25T12:00:00.000Z';
const prepared = { build: 'run-1', trainingJobName: 'digits-run-1', begun };
const raw = 's3://models/raw/digits/run-1/job/output/model/';
/** Builds a raw model that is there. */
const SOURCE = { source: raw };
const artifact = 's3://models/compressed/digits/run-1/';
const work = 's3://models/work/digits/run-1/';
const good: Record<string, TaskHandler> = {
  Prepare: ({ input }) => ({ ...prepared, ...(input.source === undefined ? {} : { source: input.source }) }),
  Train: ({ TrainingJobName }) => ({
    TrainingJobName,
    TrainingJobArn: `arn:aws:sagemaker:us-east-1:111122223333:training-job/${TrainingJobName as unknown as string}`,
    ModelArtifacts: { S3ModelArtifacts: raw },
  }),
  StartBuild: () => ({ executionArn: 'arn:build:model-1', name: 'model-1', started: true, status: 'RUNNING' }),
  Plan: () => ({ artifact, work, items: [0, 1, 2], finished: false }),
  CompressItem: ({ item }) => ({ item }),
  Finalize: () => ({ artifact, bytesBefore: 4, bytesAfter: 1 }),
  CompressionGate: () => ({ bytesBefore: 4, bytesAfter: 1 }),
  Register: ({ approval }) => ({ modelPackageArn: 'arn:package/1', approval }),
  StartRelease: () => ({ executionArn: 'x', startDate: 'y' }),
  Abort: () => ({ abandoned: true }),
};

function fail(name: string, message?: string): TaskHandler {
  return () => {
    throw fault(name, message);
  };
}

describe('the build machine', () => {
  let machine: MachineDefinition;

  beforeAll(() => {
    const stack = newStack();
    new ModelPipeline(stack, 'Pipeline', pipelineProps());
    machine = definitionOf(stack, 'BuildMachine');
  });

  test('trains, and starts the build of what was trained, which is as old as the training', async () => {
    const run = await execute(machine, {}, good);
    expect(run.error).toBeUndefined();
    expect(run.path).toEqual(['Prepare', 'Source given?', 'Train', 'StartBuild', 'Built before?', 'BuildStarted']);
    expect(run.inputs.Train[0].TrainingJobName).toMatch(/^digits-run-1-[0-9a-f]{4}$/);
    expect(run.inputs.Train[0].OutputDataConfig.S3OutputPath).toMatch(/^s3:\/\/.*\/raw\/digits\/run-1\/$/);
    expect(run.inputs.Train[0].HyperParameters.sagemaker_job_name).toBe('"digits-run-1"');
    expect(run.inputs.StartBuild).toMatchObject([
      { execution: executionArn({}), state: { prepared: { begun }, raw: { source: raw } } },
    ]);
    expect(run.output).toMatchObject({ started: { executionArn: 'arn:build:model-1', name: 'model-1' } });
    const { Prepare } = (await execute(machine, {}, good, { startTime: '2026-01-02T03:04:05.000Z' })).inputs;
    expect(Prepare[0]).toMatchObject({ startTime: '2026-01-02T03:04:05.000Z' });
  });

  test('compresses every item, finalizes, starts the release', async () => {
    const run = await execute(machine, SOURCE, good);
    expect(run.error).toBeUndefined();
    expect(run.path.filter((state) => state !== 'CompressItem')).toEqual([
      'Prepare',
      'Source given?',
      'SourceGiven',
      'Plan',
      'Finished before?',
      'Compress',
      'Finalize',
      'Compressed',
      'CompressionGate',
      'Register',
      'Judged again?',
      'StartRelease',
      'ReleaseStarted',
    ]);
    expect(run.inputs.Prepare[0]).toMatchObject({ executionName: 'run-1', model: 'digits', input: SOURCE });
    expect(run.inputs.Plan[0]).toMatchObject({
      build: 'run-1',
      model: 'digits',
      recipe: { method: 'int8' },
      source: raw,
    });
    expect(run.inputs.CompressItem).toEqual(expect.arrayContaining([0, 1, 2].map((item) => ({ work, item }))));
    expect(run.inputs.CompressItem).toHaveLength(3);
    expect(run.inputs.Finalize[0].provenance).toMatchObject({ build: 'run-1', model: 'digits', begun });
    expect(run.inputs.StartRelease[0]).toMatchObject({ Input: { build: 'run-1', artifact, begun } });
    expect(run.inputs.StartRelease[0].Name).toMatch(/^run-1-[0-9a-f]{8}$/);
  });

  test('releases a build that was finished before without compressing again', async () => {
    const run = await execute(machine, SOURCE, {
      ...good,
      Plan: () => ({ artifact, work, items: [], finished: true }),
    });
    expect(run.error).toBeUndefined();
    expect(run.path).not.toContain('Compress');
    expect(run.path).not.toContain('Finalize');
    expect(run.inputs.StartRelease[0].Input.artifact).toBe(artifact);
  });

  test.each(['Plan', 'CompressItem', 'Finalize'])('gives the build up when %s fails for good', async (state) => {
    const run = await execute(machine, SOURCE, { ...good, [state]: fail('InvalidModel', 'model.tflite: truncated') });
    expect(run.inputs[state].length).toBeLessThanOrEqual(3);
    expect(run.inputs.Abort).toHaveLength(1);
    expect(run.inputs.Abort[0].work).toMatch(/^s3:\/\/.*\/work\/digits\/run-1\/$/);
    expect(run.path.slice(-2)).toEqual(['Abort', 'BuildFailed']);
    expect(run.error).toBeDefined();
    expect(run.inputs.StartRelease).toBeUndefined();
  });

  test.each(['Plan', 'Finalize'])('fails with the cause of %s, not of Abort', async (state) => {
    const run = await execute(machine, SOURCE, {
      ...good,
      [state]: fail('InvalidRecipe', 'no such thing'),
      Abort: fail('Error', 'abort, too'),
    });
    expect(`${run.error} ${run.cause}`).toContain('no such thing');
    expect(run.inputs[state]).toHaveLength(1);
    expect(run.inputs.Abort).toHaveLength(4);
  });

  test('tries a passing fault again', async () => {
    let calls = 0;
    const run = await execute(machine, SOURCE, {
      ...good,
      Plan: (input) => (++calls < 3 ? fail('TimeoutError')(input) : good.Plan(input)),
    });
    expect(run.error).toBeUndefined();
    expect(run.inputs.Plan).toHaveLength(3);
  });

  test('trains once when the script fails, and touches nothing else', async () => {
    const run = await execute(
      machine,
      {},
      { ...good, Train: fail('States.TaskFailed', 'AlgorithmError: exit code 1') },
    );
    expect(run.inputs.Train).toHaveLength(1);
    expect(run.cause).toContain('AlgorithmError');
    expect(Object.keys(run.inputs)).toEqual(['Prepare', 'Train']);
  });

  test('gives each attempt at training a name of its own', async () => {
    let calls = 0;
    const run = await execute(
      machine,
      {},
      {
        ...good,
        Train: (input) => (++calls < 4 ? fail('SageMaker.AmazonSageMakerException')(input) : good.Train(input)),
      },
    );
    expect(run.error).toBeUndefined();
    expect(new Set(run.inputs.Train.map(({ TrainingJobName }) => TrainingJobName)).size).toBe(4);
  });

  test('stops at once at a faulty input', async () => {
    const run = await execute(
      machine,
      { source: 7 },
      { ...good, Prepare: fail('InvalidEvent', 'source must be an address') },
    );
    expect(run.inputs.Prepare).toHaveLength(1);
    expect(run.cause).toContain('must be an address');
    expect(Object.keys(run.inputs)).toEqual(['Prepare']);
  });

  test('ends at a compression gate that is not passed, and touches nothing else', async () => {
    const run = await execute(machine, SOURCE, { ...good, CompressionGate: fail('GateFailed', 'relative error: 0.5') });
    expect(run).toMatchObject({ error: 'GateFailed', cause: 'relative error: 0.5' });
    expect(run.inputs.CompressionGate).toEqual([
      { artifact, pipeline: expect.stringMatching(/^stack-pipeline-/) as string, limits: { maxRelativeError: 1 } },
    ]);
    expect(run.path.at(-1)).toBe('CompressionGate');
  });

  const exists = fail('StepFunctions.ExecutionAlreadyExistsException');

  test.each(['RUNNING', 'SUCCEEDED', 'PENDING_REDRIVE'])(
    'is content with a release that was started before and is %s',
    async (status) => {
      const run = await execute(machine, SOURCE, {
        ...good,
        StartRelease: exists,
        LookAtRelease: () => ({ Status: status }),
      });
      expect(run.error).toBeUndefined();
      expect(run.inputs.StartRelease).toHaveLength(1);
      expect(run.inputs.LookAtRelease[0].ExecutionArn).toMatch(/:execution:<.*>:run-1-[0-9a-f]{8}$/);
      expect(run.path.slice(-2)).toEqual(['Did it fail?', 'ReleaseStarted']);
    },
  );

  test.each(['FAILED', 'ABORTED', 'TIMED_OUT'])(
    'starts a release again that was started before and %s',
    async (status) => {
      const before = { ...good, StartRelease: exists, LookAtRelease: () => ({ Status: status }) };
      const run = await execute(machine, SOURCE, { ...before, StartReleaseAgain: () => ({ executionArn: 'x' }) });
      expect(run.error).toBeUndefined();
      expect(run.inputs.StartReleaseAgain).toHaveLength(1);
      expect(run.inputs.StartReleaseAgain[0].Name).toMatch(/^run-1-[0-9a-f]{8}-again-0$/);
      expect(run.inputs.StartReleaseAgain[0].Input).toEqual(run.inputs.StartRelease[0].Input);
      expect(run.path.at(-1)).toBe('ReleaseStarted');
      // The answer to the first try was lost.
      const twice = await execute(machine, SOURCE, { ...before, StartReleaseAgain: exists });
      expect(twice.error).toBeUndefined();
      expect(twice.inputs.StartReleaseAgain).toHaveLength(1);
    },
  );

  test('fails when the release cannot be started, with the artifact kept', async () => {
    const run = await execute(machine, SOURCE, {
      ...good,
      StartRelease: fail('StepFunctions.AWSStepFunctionsException', 'denied'),
    });
    expect(run.cause).toContain('denied');
    expect(run.inputs.StartRelease).toHaveLength(7);
    expect(run.inputs.Abort).toBeUndefined();
  });
});

describe('a build machine with an evaluation', () => {
  let machine: MachineDefinition;
  const address = 's3://models/evaluation/digits/run-1/';
  const evaluated: Record<string, TaskHandler> = {
    ...good,
    Evaluate: ({ ProcessingJobName, ProcessingOutputConfig }) => ({
      ProcessingJobName,
      ProcessingJobArn: 'arn',
      ProcessingOutputConfig,
    }),
    EvaluationGate: () => ({ metrics: [{ metric: 'accuracy', raw: 0.97, compressed: 0.965 }] }),
  };

  beforeAll(() => {
    const stack = newStack();
    new ModelPipeline(stack, 'Pipeline', pipelineProps({ evaluation: evaluationOptions() }));
    machine = definitionOf(stack, 'BuildMachine');
  });

  test('evaluates the raw and the compressed model before the release', async () => {
    const run = await execute(machine, SOURCE, evaluated);
    expect(run.error).toBeUndefined();
    expect(run.path.slice(-9)).toEqual([
      'Compressed',
      'CompressionGate',
      'Measured before?',
      'Evaluate',
      'EvaluationGate',
      'Register',
      'Judged again?',
      'StartRelease',
      'ReleaseStarted',
    ]);
    expect(run.inputs.Evaluate[0].ProcessingJobName).toMatch(/^digits-run-1-[0-9a-f]{4}$/);
    expect(run.inputs.Evaluate[0].ProcessingInputs).toMatchObject([
      { InputName: 'raw', S3Input: { S3Uri: raw } },
      { InputName: 'compressed', S3Input: { S3Uri: artifact } },
      { InputName: 'code' },
    ]);
    expect(run.inputs.EvaluationGate[0].evaluation).toMatch(new RegExp(`${address.slice('s3://models/'.length)}$`));
  });

  test('gives each attempt a name of its own, and asks no more when the script fails', async () => {
    let calls = 0;
    const throttled = await execute(machine, SOURCE, {
      ...evaluated,
      Evaluate: (input) => (++calls < 3 ? fail('ThrottlingException')(input) : evaluated.Evaluate(input)),
    });
    expect(throttled.error).toBeUndefined();
    expect(new Set(throttled.inputs.Evaluate.map(({ ProcessingJobName }) => ProcessingJobName)).size).toBe(3);
    const failed = await execute(machine, SOURCE, { ...evaluated, Evaluate: fail('States.TaskFailed', 'KeyError') });
    expect(failed).toMatchObject({ cause: 'KeyError' });
    expect(failed.inputs.Evaluate).toHaveLength(1);
    expect(failed.inputs.StartRelease).toBeUndefined();
  });

  test.each(['GateFailed', 'InvalidMetrics'])('ends at its gate with %s, and releases nothing', async (error) => {
    const run = await execute(machine, SOURCE, {
      ...evaluated,
      EvaluationGate: fail(error, 'accuracy dropped by 0.1'),
    });
    expect(run).toMatchObject({ error, cause: 'accuracy dropped by 0.1' });
    expect(run.inputs.EvaluationGate).toHaveLength(1);
    expect(run.inputs.StartRelease).toBeUndefined();
    expect(run.inputs.Abort).toBeUndefined();
  });
});

describe('a build machine whose releases a person approves', () => {
  let stack: Stack;
  beforeAll(() => {
    stack = newStack();
    new ModelPipeline(stack, 'Pipeline', pipelineProps({ approval: ReleaseApproval.MANUAL }));
  });

  test('registers the build and releases nothing', async () => {
    const run = await execute(definitionOf(stack, 'BuildMachine'), SOURCE, good);
    expect(run.path.slice(-3)).toEqual(['Register', 'Judged again?', 'WaitingForApproval']);
    expect(run.output).toMatchObject({ registered: { approval: 'PendingManualApproval' } });
    expect(run.inputs.StartRelease).toBeUndefined();
    expect(run.inputs.Register[0]).toMatchObject({
      approval: 'PendingManualApproval',
      artifact,
      gatesDigest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      model: 'digits',
      group: expect.stringMatching(/^stack-pipeline-/) as string,
    });
  });

  test('fails where nothing can be registered, with the artifact kept', async () => {
    const run = await execute(definitionOf(stack, 'BuildMachine'), SOURCE, {
      ...good,
      Register: fail('ServiceException'),
    });
    expect(run.error).toBeDefined();
    expect(run.inputs.Abort).toBeUndefined();
  });

  test('hears of approvals in its own group only, and tells of builds that wait', () => {
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.sagemaker'],
        'detail-type': ['SageMaker Model Package State Change'],
        detail: {
          ModelPackageGroupName: [Match.stringLikeRegexp('^stack-pipeline-')],
          ModelApprovalStatus: ['Approved'],
        },
      },
    });
    const [cleanUp] = Object.keys(template.findResources('Custom::ModelpressCleanUp'));
    // So that nothing is released any more while the clean-up goes on.
    template.hasResource('AWS::Events::Rule', {
      Properties: { EventPattern: { source: ['aws.sagemaker'] } },
      DependsOn: Match.arrayWith([cleanUp]),
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        detail: { stateMachineArn: [{ Ref: Match.stringLikeRegexp('BuildMachine') }], status: ['SUCCEEDED'] },
      },
    });
    template.hasResourceProperties('AWS::SageMaker::ModelPackageGroup', {
      ModelPackageGroupName: Match.stringLikeRegexp('^stack-pipeline-'),
    });
  });
});

test('a build machine without training asks for a source', async () => {
  const stack = newStack();
  new ModelPipeline(stack, 'Pipeline', pipelineProps({ training: undefined }));
  const machine = definitionOf(stack, 'BuildMachine');
  expect(Object.keys(machine.States)).not.toContain('Train');
  const run = await execute(machine, {}, good);
  expect(run).toMatchObject({ error: 'NoSource', cause: expect.stringContaining('"source"') as string });
  expect((await execute(machine, { source: 's3://a/b/' }, good)).error).toBeUndefined();
});
