import { Size } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Chain, DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { CompressionGate, CompressionLimits, ModelBucket } from '../../lib';
import { definitionOf } from './support/definition';
import { newStack } from './support/pipelines';

function make(limits?: CompressionLimits): ReturnType<typeof newStack> {
  const stack = newStack();
  const models = new ModelBucket(stack, 'Models');
  const gate = new CompressionGate(stack, 'Gate', { modelName: 'digits', models, pipelineName: 'digits', limits });
  const definitionBody = DefinitionBody.fromChainable(Chain.start(gate.toState('CompressionGate')));
  new StateMachine(stack, 'Machine', { definitionBody });
  return stack;
}

const limitsOf = (limits?: CompressionLimits): unknown =>
  definitionOf(make(limits), 'Machine').States.CompressionGate.Parameters.limits;

test('stands alone in a machine of the user', () => {
  const stack = make();
  expect(definitionOf(stack, 'Machine').States.CompressionGate).toMatchObject({
    Parameters: { 'artifact.$': '$.plan.artifact', pipeline: 'digits' },
    ResultPath: '$.compression',
  });
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: 'cloudwatch:PutMetricData',
          Condition: { StringEquals: { 'cloudwatch:namespace': 'modelpress' } },
        }),
      ]),
    },
  });
});

test('without limits, only an error as large as the weights is refused', () => {
  expect(limitsOf()).toEqual({ maxRelativeError: 1 });
});

test('every limit reaches the function', () => {
  const limits = {
    maxRelativeError: 0.1,
    minSqnrDb: 20,
    maxTensorRelativeError: 0.2,
    minTensorSqnrDb: 10,
    ignoredTensors: ['lm_head', 're:.*embed.*'],
    minSparsity: 0.4,
    maxSparsity: 0.6,
    minCompressionRatio: 2,
  };
  expect(limitsOf({ ...limits, maxSize: Size.mebibytes(3) })).toEqual({ ...limits, maxBytes: 3 * 1024 * 1024 });
});

test.each<[CompressionLimits, string]>([
  [{ maxRelativeError: 1.5 }, 'maxRelativeError must be a number from 0 to 1, received: 1.5'],
  [{ maxTensorRelativeError: -1 }, 'maxTensorRelativeError must be a number from 0 to 1, received: -1'],
  [{ minSqnrDb: NaN }, 'minSqnrDb must be a number from 0 to 300, received: NaN'],
  [{ minTensorSqnrDb: 301 }, 'minTensorSqnrDb must be a number from 0 to 300, received: 301'],
  [{ minSparsity: 2 }, 'minSparsity must be a number from 0 to 1, received: 2'],
  [{ minSparsity: 0.6, maxSparsity: 0.5 }, 'minSparsity must not exceed maxSparsity, received: 0.6 and 0.5'],
  [{ minCompressionRatio: -2 }, 'minCompressionRatio must be a number from 0 to 1000, received: -2'],
  [{ ignoredTensors: ['lm_head'] }, 'ignoredTensors needs maxTensorRelativeError or minTensorSqnrDb'],
  [{ maxTensorRelativeError: 0.1, ignoredTensors: ['re:('] }, 'The pattern is not a regular expression: re:('],
])('refuses %j at synthesis', (limits, message) => expect(() => make(limits)).toThrow(message));
