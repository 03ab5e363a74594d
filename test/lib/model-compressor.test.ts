import { Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { CompressionRecipe, ModelBucket, ModelCompressor, ModelCompressorProps, ModelPipeline } from '../../lib';
import { definitionOf } from './support/definition';
import { execute } from './support/execute';
import { newStack, pipelineProps } from './support/pipelines';

function compressor(stack: Stack, changes: Partial<ModelCompressorProps> = {}): ModelCompressor {
  const models = new ModelBucket(stack, 'Models');
  return new ModelCompressor(stack, 'Compressor', {
    modelName: 'digits',
    models,
    recipe: CompressionRecipe.int8(),
    ...changes,
  });
}

const HANDLERS = {
  Prepare: ({ input }: { input?: object }) => ({ build: 'named', ...input }),
  Plan: ({ build }: { build?: unknown }) => ({
    artifact: `s3://models/compressed/digits/${String(build)}/`,
    work: `s3://models/work/digits/${String(build)}/`,
    items: [0, 1],
    finished: false,
  }),
  CompressItem: () => ({}),
  Finalize: () => ({ bytesAfter: 1 }),
};

describe('the state machine', () => {
  const stack = newStack();
  compressor(stack);
  const definition = definitionOf(stack, 'Compression');

  test('compresses a model and names the artifact', async () => {
    const { output, inputs } = await execute(definition, { source: 's3://raw/model/' }, HANDLERS);
    expect(output).toEqual({ artifact: 's3://models/compressed/digits/named/', build: 'named' });
    expect(inputs.Plan[0]).toMatchObject({ source: 's3://raw/model/', build: 'named' });
    expect(inputs.Finalize[0]).toMatchObject({ provenance: { source: 's3://raw/model/', build: 'named' } });
  });

  test('takes the name of the build that it is told', async () => {
    const { output, path } = await execute(definition, { source: 's3://raw/model/', build: 'told' }, HANDLERS);
    expect(output).toEqual({ artifact: 's3://models/compressed/digits/told/', build: 'told' });
    expect(path).not.toContain('Prepare');
  });

  test('says what is missing when there is no model', async () => {
    const { error, cause } = await execute(definition, {}, HANDLERS);
    expect(error).toBe('NoSource');
    expect(cause).toContain('{"source":"s3://bucket/prefix/"}');
  });
});

describe('what failed builds leave behind', () => {
  const stack = newStack();
  compressor(stack, { timeout: Duration.minutes(4) });
  const machine = { Ref: Match.stringLikeRegexp('CompressionMachine') };

  test('is removed once no function of them can go on', () => {
    const { States } = definitionOf(stack, 'LeftBehind');
    expect(States.FunctionsMayGoOn).toMatchObject({ Type: 'Wait', Seconds: 5 * 60 });
    expect(States.RemoveLeftBehind.Parameters).toMatchObject({
      model: 'digits',
      lingerSeconds: 240,
      stateMachineArn: expect.stringContaining('Compression') as string,
    });
    Template.fromStack(stack).hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.states'],
        detail: { stateMachineArn: [machine], status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
      },
      Targets: [{ Arn: { Ref: Match.stringLikeRegexp('LeftBehindMachine') } }],
    });
  });

  test('is looked for by a function that may see which builds the one machine makes', () => {
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: Match.stringLikeRegexp('LeftBehindRemove') }],
      PolicyDocument: {
        Statement: Match.arrayWith([{ Action: 'states:ListExecutions', Effect: 'Allow', Resource: machine }]),
      },
    });
  });

  test.each([
    ['once behind the builds of a pipeline', true, 1],
    ['by nothing where there is no machine', false, 0],
  ])('is removed %s', (_, isPipeline, count) => {
    const other = newStack();
    if (isPipeline) new ModelPipeline(other, 'Pipeline', pipelineProps());
    else compressor(other, { createStateMachine: false });
    const machines = Object.keys(Template.fromStack(other).findResources('AWS::StepFunctions::StateMachine'));
    expect(machines.filter((name) => name.includes('LeftBehind'))).toHaveLength(count);
  });
});

test('lets an identity start it and look at it, and nothing else', () => {
  const stack = newStack();
  const role = new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  compressor(stack).grantCompress(role);
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    Roles: [{ Ref: Match.stringLikeRegexp('^Caller') }],
    PolicyDocument: {
      Statement: [
        { Action: 'states:StartExecution', Effect: 'Allow', Resource: { Ref: Match.stringLikeRegexp('Compression') } },
        { Action: 'states:DescribeExecution', Effect: 'Allow', Resource: Match.objectLike({}) },
      ],
    },
  });
});

test.each(['made here', 'imported'])('is a state of another machine: %s', async (origin) => {
  const stack = newStack();
  const stateMachineArn = 'arn:aws:states:us-east-1:111122223333:stateMachine:compress';
  const used =
    origin === 'imported'
      ? ModelCompressor.fromModelCompressorAttributes(stack, 'Imported', { stateMachineArn })
      : compressor(stack);
  const task = used.toTask(stack, 'Shrink', { sourcePath: '$.model' });
  new StateMachine(stack, 'Own', { definitionBody: DefinitionBody.fromChainable(task) });
  const { inputs, output } = await execute(
    definitionOf(stack, 'Own'),
    { model: 's3://raw/model/' },
    { Shrink: () => ({ Output: { artifact: 's3://a/', build: 'b', more: 1 } }) },
  );
  expect(inputs.Shrink[0]).toMatchObject({ Input: { source: 's3://raw/model/' } });
  expect(output).toEqual({ model: 's3://raw/model/', compression: { artifact: 's3://a/', build: 'b' } });
});

test('goes without a machine when told, and says so', () => {
  const stack = newStack();
  const made = compressor(stack, { createStateMachine: false });
  Template.fromStack(stack).resourceCountIs('AWS::StepFunctions::StateMachine', 0);
  expect(() => made.stateMachine).toThrow('leave createStateMachine: false out');
});
