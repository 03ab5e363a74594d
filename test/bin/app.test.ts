import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { createApp } from '../../bin/app';
import { environmentName, readSettings, settingNames } from '../../bin/app-settings';
import { context } from '../../cdk.json';
import { definitionOf } from '../lib/support/definition';

function stackOf(given: Record<string, unknown> = {}, environment: Record<string, string> = {}): Stack {
  return createApp(environment, { context: { ...context, ...given } }).node.children.find((child) =>
    Stack.isStack(child),
  ) as Stack;
}

test('tells bucket, machines, topic and endpoint', () => {
  const outputs = Template.fromStack(stackOf()).findOutputs('*');
  expect(Object.keys(outputs).sort()).toEqual([
    'BuildStateMachineArn',
    'EndpointName',
    'ModelBucketName',
    'NotificationTopicArn',
    'ReleaseStateMachineArn',
    'UploadPlace',
  ]);
  expect(outputs.EndpointName.Value).toMatch(/^[a-z0-9-]{1,46}$/);
});

test('trains on a GPU, serves TFLite on a CPU, compresses to int8', () => {
  const { Train, Plan } = definitionOf(stackOf(), 'BuildMachine').States;
  expect(Train.Parameters.ResourceConfig.InstanceType).toBe('ml.g5.xlarge');
  expect(Plan.Parameters.recipe).toEqual({ method: 'int8', mode: 'best' });
  expect(definitionOf(stackOf(), 'ReleaseMachine').States.Release.Parameters.specification.instanceType).toBe(
    'ml.c7i.large',
  );
});

test('takes every setting from the context', () => {
  const stack = stackOf({
    'modelpress:stackName': 'other',
    'modelpress:modelName': 'figures',
    'modelpress:recipe': 'fp16',
    'modelpress:prune': 0.5,
    'modelpress:mode': 'exact',
    'modelpress:trainingInstanceType': 'ml.g6.xlarge',
    'modelpress:endpointInstanceType': 'ml.m7i.large',
    'modelpress:maxAccuracyDrop': 0.1,
    'modelpress:approval': 'manual',
    'modelpress:endpointName': 'figures-live',
    'modelpress:hyperparameters': { epochs: 3 },
    'modelpress:spot': 'true',
    'modelpress:runOnDeploy': false,
    'modelpress:removeModels': true,
    'modelpress:schedule': 'cron(0 3 ? * MON *)',
    'modelpress:statusInterval': '1',
  });
  expect(stack.stackName).toBe('other');
  const { Train, Plan, EvaluationGate, Register } = definitionOf(stack, 'BuildMachine').States;
  expect(Register.Parameters.approval).toBe('PendingManualApproval');
  expect(EvaluationGate.Parameters.limits).toEqual([{ metric: 'accuracy', maxDrop: 0.1 }]);
  const { Release, Wait } = definitionOf(stack, 'ReleaseMachine').States;
  expect(Plan.Parameters).toMatchObject({ model: 'figures', recipe: { method: 'fp16', prune: 0.5, mode: 'exact' } });
  expect(Train.Parameters).toMatchObject({
    ResourceConfig: { InstanceType: 'ml.g6.xlarge' },
    HyperParameters: { epochs: '3' },
    EnableManagedSpotTraining: true,
  });
  expect(Release.Parameters).toMatchObject({
    endpointName: 'figures-live',
    specification: { instanceType: 'ml.m7i.large' },
  });
  expect(Wait.Seconds).toBe(1);
  const template = Template.fromStack(stack);
  template.resourceCountIs('Custom::ModelpressRunOnDeploy', 0);
  template.hasResourceProperties('AWS::Scheduler::Schedule', { ScheduleExpression: 'cron(0 3 ? * MON *)' });
  template.allResources('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
});

test('the environment counts before the context', () => {
  const settings = readSettings(() => 'fp16', { MODELPRESS_RECIPE: 'int8', ...numbers });
  expect(settings.recipe.method).toBe('int8');
});

const numbers = Object.fromEntries(
  Object.entries({
    stackName: 'a',
    example: 'tensorflow-digits',
    modelFormat: 'tflite',
    modelName: 'a',
    prune: '2:4',
    mode: 'best',
    trainingInstanceType: 'ml.g5.xlarge',
    endpointInstanceType: 'ml.c7i.large',
    maxAccuracyDrop: '0.1',
    approval: 'manual',
    endpointName: 'a',
    hyperparameters: '{}',
    spot: 'false',
    runOnDeploy: 'true',
    removeModels: 'false',
    schedule: 'rate(7 days)',
    statusInterval: '1',
  }).map(([key, value]) => [environmentName(key), value]),
);

test.each([
  ['recipe', 'int3', 'The setting modelpress:recipe (or MODELPRESS_RECIPE) must be a method'],
  ['recipe', 'w4a16', 'The recipe w4a16 is not for tflite models'],
  ['prune', '1', 'must be a share from 0 up to, not including, 1, or 2:4, received: 1'],
  ['prune', 'half', 'received: half'],
  ['mode', 'fast', 'must be best or exact, received: fast'],
  ['spot', 'maybe', 'must be true or false, received: maybe'],
  ['runOnDeploy', '1', '(or MODELPRESS_RUN_ON_DEPLOY) must be true or false'],
  ['approval', 'maybe', 'must be automatic or manual, received: maybe'],
  ['maxAccuracyDrop', '2', 'must be a share from 0 to 1, received: 2'],
  ['schedule', 'weekly', 'must be a schedule such as rate(7 days) or cron(0 3 ? * MON *), received: weekly'],
  ['statusInterval', '0', 'must be seconds from 1 to 300, received: 0'],
  ['statusInterval', '1.5', 'must be seconds from 1 to 300, received: 1.5'],
  ['trainingInstanceType', 'g5', 'must be an instance type such as ml.g5.xlarge, received: g5'],
  ['hyperparameters', '[1]', 'must be a JSON object'],
  ['hyperparameters', '{', 'must be a JSON object'],
  [
    'example',
    '../..',
    /modelpress:example \(or MODELPRESS_EXAMPLE\) must be one of .*tensorflow-digits.*received: \.\./,
  ],
  [
    'modelFormat',
    'safetensors',
    'must be tflite, which is what tensorflow-digits can be exported as, received: safetensors',
  ],
  ['stackName', '1', 'must be letters, digits and hyphens'],
  ['modelName', 'Digits', 'modelName must be 1 to 24 lower-case letters'],
])('refuses %s: %s', (key, value, message) => {
  expect(() => stackOf({ [`modelpress:${key}`]: value })).toThrow(message);
});

test('nothing pruned is no pruning', () => {
  expect(definitionOf(stackOf({ 'modelpress:prune': '0' }), 'BuildMachine').States.Plan.Parameters.recipe).toEqual({
    method: 'int8',
    mode: 'best',
  });
});

test.each(['bin/app.ts', 'docs/constructs.md'])('every setting is in the table of %s', (file) => {
  const text = readFileSync(resolve(__dirname, '..', '..', file), 'utf8');
  for (const key of settingNames()) expect(text).toContain(`\`modelpress:${key}\``);
});
