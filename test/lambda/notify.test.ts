import { HistoryEvent } from '@aws-sdk/client-sfn';
import { findFailedState } from '../../lambda/notify/failed-state';
import { failureMessage } from '../../lambda/notify/message';
import { readStatusEvent, StatusEvent } from '../../lambda/notify/status-event';

const buildMachineArn = 'arn:aws:states:eu-west-1:111122223333:stateMachine:build';
const releaseMachineArn = 'arn:aws:states:eu-west-1:111122223333:stateMachine:release';
const pipeline = { modelName: 'digits', endpointName: 'digits-live', buildMachineArn, releaseMachineArn };

const event = (detail: Record<string, unknown>): StatusEvent =>
  readStatusEvent({
    source: 'aws.states',
    detail: {
      executionArn: 'arn:aws:states:eu-west-1:111122223333:execution:build:run-1',
      stateMachineArn: buildMachineArn,
      name: 'run-1',
      status: 'FAILED',
      output: null,
      ...detail,
    },
  });

test('a message says which build of which model failed where, why, what to do, and where to look', () => {
  const cause = JSON.stringify({ errorType: 'InvalidModel', errorMessage: 'model.tflite: truncated' });
  const { subject, text, kind, machine } = failureMessage(pipeline, event({ error: 'InvalidModel', cause }), 'Plan');
  expect({ subject, kind, machine }).toEqual({
    subject: 'modelpress: build of digits failed',
    kind: 'failed',
    machine: 'build',
  });
  expect(text.split('\n')).toEqual([
    'The build run-1 of the model digits failed.',
    '',
    'state: Plan',
    'error: InvalidModel',
    'cause: model.tflite: truncated',
    'what to do: Mend the model, or the training that wrote it, and build again.',
    'endpoint: digits-live',
    'execution: arn:aws:states:eu-west-1:111122223333:execution:build:run-1',
    'link: https://console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/arn:aws:states:eu-west-1:111122223333:execution:build:run-1',
    '',
  ]);
});

test.each([
  ['FAILED', 'GateFailed', 'gated', 'did not pass its gate', 'Nothing was released'],
  ['FAILED', 'ShadowTestFailed', 'gated', 'did not pass its gate', 'the model before serves as it did'],
  ['FAILED', 'ShadowStays', 'failed', 'failed', 'a shadow beside it costs as much'],
  ['FAILED', 'RolledBack', 'rolled-back', 'was rolled back', 'The model before keeps serving'],
  ['FAILED', 'RollbackFailed', 'rolled-back', 'was rolled back', 'Look at the endpoint at once'],
  ['FAILED', 'AnythingElse', 'failed', 'failed', 'Look at the execution'],
  ['TIMED_OUT', null, 'failed', 'failed', 'Look at the execution'],
  ['ABORTED', 'Deleted', 'stopped', 'was stopped', 'Start it again if that was a mistake'],
])('%s with %s is %s', (status, error, kind, outcome, advice) => {
  const told = failureMessage(pipeline, event({ status, error, stateMachineArn: releaseMachineArn }), undefined);
  expect(told).toMatchObject({ kind, machine: 'release', subject: `modelpress: release of digits ${outcome}` });
  expect(told.text).toContain(`error: ${error ?? status}`);
  expect(told.text).toContain(advice);
});

test.each([
  ['aws-cn', 'cn-north-1', 'console.amazonaws.cn'],
  ['aws-us-gov', 'us-gov-west-1', 'console.amazonaws-us-gov.com'],
])('the link leads to the console of %s', (partition, region, host) => {
  const executionArn = `arn:${partition}:states:${region}:111122223333:execution:build:run-1`;
  const { text } = failureMessage(pipeline, event({ executionArn }), 'Plan');
  expect(text).toContain(`https://${host}/states/home?region=${region}#/v2/executions/details/${executionArn}`);
});

test('what failed builds leave behind and cannot be removed is told, too', () => {
  const stateMachineArn = 'arn:aws:states:eu-west-1:111122223333:stateMachine:left-behind';
  const told = failureMessage(pipeline, event({ error: 'AccessDenied', stateMachineArn }), 'RemoveLeftBehind');
  expect(told).toMatchObject({ kind: 'failed', machine: 'clean-up', subject: 'modelpress: clean-up of digits failed' });
  expect(told.text).toContain('The clean-up run-1 of the model digits failed.');
});

describe('the failed state', () => {
  const entered = (name: string): HistoryEvent => ({ stateEnteredEventDetails: { name } }) as HistoryEvent;
  const failed = (error: string): HistoryEvent => ({ taskFailedEventDetails: { error } }) as HistoryEvent;
  const oldestFirst = [
    entered('Prepare'),
    entered('Plan'),
    failed('Timeout'),
    failed('InvalidModel'),
    entered('Abort'),
    failed('Throttled'),
    entered('BuildFailed'),
  ];
  const newestFirst = [...oldestFirst].reverse();

  test.each([
    ['InvalidModel', 'Plan'],
    ['Throttled', 'Abort'],
    ['RolledBack', 'BuildFailed'],
    [undefined, 'BuildFailed'],
  ])('with %s is %s', (error, state) => expect(findFailedState(newestFirst, error)).toBe(state));
});
