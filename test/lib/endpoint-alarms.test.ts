import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { EndpointAlarmOptions, EndpointAlarms } from '../../lib';
import { newStack } from './support/pipelines';

function template(options: EndpointAlarmOptions = {}): Template {
  const stack = newStack();
  new EndpointAlarms(stack, 'Alarms', { ...options, endpointName: 'digits' });
  return Template.fromStack(stack);
}

const quiet = {
  Namespace: 'AWS/SageMaker',
  ComparisonOperator: 'GreaterThanThreshold',
  TreatMissingData: 'notBreaching',
  Period: 60,
  Dimensions: [
    { Name: 'EndpointName', Value: 'digits' },
    { Name: 'VariantName', Value: 'main' },
  ],
};

test('by default: failed requests and slow answers, each minute, with no requests being good', () => {
  const made = template();
  made.resourceCountIs('AWS::CloudWatch::Alarm', 2);
  made.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ...quiet,
    MetricName: 'Invocation5XXErrors',
    Statistic: 'Average',
    Threshold: 0.01,
    EvaluationPeriods: 1,
  });
  made.hasResourceProperties('AWS::CloudWatch::Alarm', {
    ...quiet,
    MetricName: 'ModelLatency',
    ExtendedStatistic: 'p99',
    Threshold: 30_000_000,
  });
});

test('as told, refused requests too', () => {
  const made = template({
    maxServerErrorShare: 0,
    maxClientErrorShare: 0.5,
    maxModelLatency: Duration.seconds(1),
    evaluationPeriods: 3,
  });
  const thresholds = (
    Object.values(made.findResources('AWS::CloudWatch::Alarm')) as { Properties: Record<string, unknown> }[]
  ).map(({ Properties }) => [Properties.MetricName, Properties.Threshold, Properties.EvaluationPeriods]);
  expect(thresholds).toEqual([
    ['Invocation5XXErrors', 0, 3],
    ['ModelLatency', 1_000_000, 3],
    ['Invocation4XXErrors', 0.5, 3],
  ]);
  made.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmDescription: Match.stringLikeRegexp('digits refuses') });
});

test.each([
  [{ maxServerErrorShare: 1 }, 'maxServerErrorShare must be from 0 to below 1, received: 1'],
  [{ maxClientErrorShare: -0.1 }, 'maxClientErrorShare must be from 0 to below 1, received: -0.1'],
  [{ maxModelLatency: Duration.hours(2) }, 'maxModelLatency must be from 1 to 3600'],
  [{ evaluationPeriods: 0 }, 'evaluationPeriods must be a whole number from 1 to 60'],
])('refuses %j', (options, message) => {
  expect(() => template(options)).toThrow(message);
});
