import { ModelPipeline } from '../../lib';
import { ReleaseSpecification } from '../../lambda/release/release-specification';
import { definitionOf, MachineDefinition } from './support/definition';
import { execute, fault, TaskHandler } from './support/execute';
import { maximalPipeline, newStack, pipelineProps } from './support/pipelines';

const released = {
  endpointName: 'digits',
  endpointConfigName: 'digits-1',
  modelName: 'digits-1',
  action: 'updated',
  since: '2026-11-25T12:00:00Z',
};
const input = { artifact: 's3://models/compressed/digits/run-1/' };
const turn = { decision: 'Release', artifact: input.artifact, begun: '2026-11-25T12:00:00Z', ignoreAlarms: false };

function status(...answers: string[]): TaskHandler {
  return () => {
    const state = answers.length > 1 ? answers.shift() : answers[0];
    return { state, endpointStatus: 'Whatever', reason: `it is ${state}` };
  };
}

/** The steps around what a test is about. */
const steps: Record<string, TaskHandler> = {
  Serialise: () => turn,
  Release: () => released,
  Settle: () => ({}),
  GiveUp: () => ({}),
};

describe('the release machine', () => {
  let machine: MachineDefinition;

  beforeAll(() => {
    const stack = newStack();
    new ModelPipeline(stack, 'Pipeline', pipelineProps());
    machine = definitionOf(stack, 'ReleaseMachine');
  });

  test('waits until the endpoint serves', async () => {
    const run = await execute(machine, input, { ...steps, Status: status('InProgress', 'InProgress', 'InService') });
    expect(run.error).toBeUndefined();
    expect(run.path[run.path.length - 1]).toBe('Released');
    expect(run.inputs.Status).toHaveLength(3);
    expect(run.inputs.Status[0]).toMatchObject({ endpointConfigName: 'digits-1', timeoutSeconds: 3 * 3600 });
    expect(run.inputs.Release[0]).toMatchObject({
      artifact: input.artifact,
      endpointName: expect.stringMatching(/^[a-z0-9-]{1,46}$/) as string,
    });
    expect(run.inputs.Settle[0]).toMatchObject({
      execution: expect.stringContaining(':run-1') as string,
      keepReleases: 5,
      released: { endpointConfigName: 'digits-1', artifact: input.artifact, begun: turn.begun },
    });
  });

  test.each(['RolledBack', 'Failed', 'RollbackFailed', 'TimedOut', 'SomethingNew'])(
    'fails with the reason when the endpoint is %s',
    async (state) => {
      const run = await execute(machine, input, { ...steps, Status: status('InProgress', state) });
      expect(run.path.slice(-3)).toEqual(['NotReleased', 'GiveUp', 'ReleaseFailed']);
      expect(`${run.error} ${run.cause}`).toContain(state);
    },
  );

  test('waits for hours while another update holds the endpoint', async () => {
    let busy = 120;
    const run = await execute(machine, input, {
      ...steps,
      Release: () => {
        if (busy-- > 0) throw fault('EndpointBusy');
        return released;
      },
      Status: status('InService'),
    });
    expect(run.error).toBeUndefined();
    expect(run.inputs.Release).toHaveLength(121);
  });

  test.each(['NoArtifact', 'EndpointBroken', 'TurnLost'])('stops at once at %s', async (name) => {
    const run = await execute(machine, input, {
      ...steps,
      Release: () => {
        throw fault(name, 'look at it');
      },
    });
    expect(run.inputs.Release).toHaveLength(1);
    expect(run.cause).toContain('look at it');
  });

  test('waits for days while other releases have the turn', async () => {
    let queued = 1300;
    const run = await execute(machine, input, {
      ...steps,
      Serialise: () => {
        if (queued-- > 0) throw fault('ReleaseQueued');
        return turn;
      },
      Status: status('InService'),
    });
    expect(run.error).toBeUndefined();
  });

  test('does nothing for a build that a newer one has overtaken', async () => {
    const run = await execute(machine, input, { Serialise: () => ({ ...turn, decision: 'Superseded' }) });
    expect(run.path).toEqual(['Serialise', 'Newest?', 'Superseded']);
    expect(run.error).toBeUndefined();
  });

  test('a turn that cannot be given back does not hide why the release failed', async () => {
    const run = await execute(machine, input, {
      ...steps,
      Status: status('RolledBack'),
      GiveUp: () => {
        throw fault('AccessDenied');
      },
    });
    expect(run).toMatchObject({ error: 'RolledBack', cause: 'it is RolledBack' });
  });

  test('does not give a release up because nobody can see it for a while', async () => {
    let failures = 20;
    const run = await execute(machine, input, {
      ...steps,
      Status: () => {
        if (failures-- > 0) throw fault('ThrottlingException');
        return { state: 'InService', endpointStatus: 'InService', reason: '' };
      },
    });
    expect(run.error).toBeUndefined();
  });
});

describe('the specification that Release gets', () => {
  function specificationOf(build: (stack: ReturnType<typeof newStack>) => void): ReleaseSpecification {
    const stack = newStack();
    build(stack);
    return definitionOf(stack, 'ReleaseMachine').States.Release.Parameters
      .specification as unknown as ReleaseSpecification;
  }

  test('at least', () => {
    const specification = specificationOf((stack) => void new ModelPipeline(stack, 'Pipeline', pipelineProps()));
    expect(specification).toEqual({
      executionRoleArn: expect.stringMatching(/^<PipelineHostingRole\w+\.Arn>$/) as string,
      image: '<account>.dkr.ecr.<AWS::Region>.<AWS::URLSuffix>/pytorch-inference:2.6.0-cpu-py312-ubuntu22.04-sagemaker',
      instanceType: 'ml.c7i.large',
      initialInstanceCount: 1,
      variantName: 'main',
      environment: {
        SAGEMAKER_PROGRAM: 'inference.py',
        SAGEMAKER_SUBMIT_DIRECTORY: '/opt/ml/model/code',
        SAGEMAKER_CONTAINER_LOG_LEVEL: '20',
      },
      networkIsolation: false,
      kmsKeyArn: expect.stringMatching(/^<PipelineModelsKey\w+\.Arn>$/) as string,
      deploymentConfig: {
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 },
          TerminationWaitInSeconds: 300,
          MaximumExecutionTimeoutInSeconds: 3600,
        },
        AutoRollbackConfiguration: {
          Alarms: [
            { AlarmName: expect.stringContaining('AlarmsServerErrors') as string },
            { AlarmName: expect.stringContaining('AlarmsModelLatency') as string },
          ],
        },
      },
      tags: [{ Key: 'modelpress:model', Value: 'digits' }],
    });
  });

  test('at most', () => {
    const specification = specificationOf((stack) => void maximalPipeline(stack));
    expect(specification).toMatchObject({
      variant: { InstancePools: [{ InstanceType: 'ml.p3.2xlarge', Priority: 1 }, { Priority: 2 }] },
      endpointConfig: {
        DataCaptureConfig: { InitialSamplingPercentage: 5 },
        ExplainerConfig: expect.anything() as object,
      },
      volumeSizeInGb: 200,
      kmsKeyArn: expect.stringContaining(':key/volume') as string,
      initialInstanceCount: 2,
      networkIsolation: true,
      vpc: {
        subnets: ['subnet-0123456789abcdef1', 'subnet-0123456789abcdef2'],
        securityGroupIds: [expect.stringContaining('SecurityGroup') as string],
      },
      containerStartupHealthCheckTimeoutSeconds: 1200,
      modelDataDownloadTimeoutSeconds: 1800,
      inferenceAmiVersion: 'al2023-ami-sagemaker-inference-gpu-4-1',
      environment: {
        STANDARD_AUTO_INSTALL_REQ: 'false',
        SM_VLLM_MAX_MODEL_LEN: '4096',
        SAGEMAKER_PROGRAM: 'inference.py',
      },
      deploymentConfig: {
        AutoRollbackConfiguration: {
          Alarms: [
            { AlarmName: 'too-many-errors' },
            { AlarmName: expect.stringContaining('Errors') as string },
            { AlarmName: expect.stringContaining('AlarmsServerErrors') as string },
            { AlarmName: expect.stringContaining('AlarmsModelLatency') as string },
            { AlarmName: expect.stringContaining('AlarmsClientErrors') as string },
          ],
        },
        BlueGreenUpdatePolicy: { TerminationWaitInSeconds: 600, MaximumExecutionTimeoutInSeconds: 7200 },
      },
    });
  });
});
