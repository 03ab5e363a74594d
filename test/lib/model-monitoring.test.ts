import { Match, Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { MonitoringFacade } from 'cdk-monitoring-constructs';
import { EndpointMetrics, ModelMonitoring, ModelPipeline } from '../../lib';
import { evaluationOptions, newStack, pipelineProps } from './support/pipelines';

function make(): { stack: ReturnType<typeof newStack>; pipeline: ModelPipeline } {
  const stack = newStack();
  const pipeline = new ModelPipeline(stack, 'Pipeline', pipelineProps({ evaluation: evaluationOptions() }));
  return { stack, pipeline };
}

const bodyOf = (template: Template): string => {
  const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  return JSON.stringify((dashboard as { Properties: { DashboardBody: unknown } }).Properties.DashboardBody);
};

test('the dashboard draws the endpoint, its instances, builds and machines; alarms reach the topic', () => {
  const { stack, pipeline } = make();
  new ModelMonitoring(stack, 'Monitoring', { pipeline });
  const template = Template.fromStack(stack);
  const body = bodyOf(template);
  for (const metric of [
    'Invocations',
    'ModelLatency',
    'OverheadLatency',
    'Invocation5XXErrors',
    'Invocation4XXErrors',
    'CPUUtilization',
    'MemoryUtilization',
    'DiskUtilization',
    'GPUUtilization',
    'GPUMemoryUtilization',
    'SourceSize',
    'CompressedSize',
    'RelativeError',
    'Sparsity',
    'accuracy',
    'ExecutionsFailed',
  ])
    expect(body).toContain(`\\"${metric}\\"`);
  expect(body).toContain(pipeline.endpointName);
  const topic = { Ref: Match.stringLikeRegexp('NotificationsTopic') };
  template.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [topic], OKActions: [topic] });
  template.hasResourceProperties('AWS::KMS::Key', {
    KeyPolicy: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        }),
      ]),
    },
  });
});

test('another name, another topic', () => {
  const { stack, pipeline } = make();
  const topicArn = 'arn:aws:sns:eu-west-1:111122223333:alerts';
  const alarmTopic = Topic.fromTopicArn(stack, 'Alerts', topicArn);
  new ModelMonitoring(stack, 'Monitoring', { pipeline, alarmTopic, dashboardName: 'digits' });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::CloudWatch::Dashboard', { DashboardName: 'digits' });
  template.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [topicArn] });
});

test('metrics can be handed to cdk-monitoring-constructs, with alarms of its own', () => {
  const { stack, pipeline } = make();
  const { endpointMetrics: endpoint, buildMetrics: builds } = pipeline;
  new MonitoringFacade(stack, 'Facade').monitorCustom({
    alarmFriendlyName: 'Digits',
    humanReadableName: 'Digits',
    metricGroups: [
      {
        title: 'Endpoint',
        metrics: [
          endpoint.metricInvocations(),
          {
            metric: endpoint.metricModelLatency(),
            alarmFriendlyName: 'Latency',
            addAlarm: { Slow: { threshold: 50_000, comparisonOperator: 'GreaterThanThreshold' as never } },
          },
        ],
      },
      { title: 'Builds', metrics: [builds.metricCompressedSize(), builds.metricRelativeError()] },
    ],
  });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::CloudWatch::Alarm', { Threshold: 50_000 });
  const bodies = JSON.stringify(template.findResources('AWS::CloudWatch::Dashboard'));
  for (const metric of ['Invocations', 'CompressedSize', 'RelativeError']) expect(bodies).toContain(metric);
});

test('an endpoint that no pipeline owns has metrics, too', () => {
  const metric = new EndpointMetrics({ endpointName: 'elsewhere', variantName: 'blue' }).metricInvocations();
  expect(metric).toMatchObject({
    namespace: 'AWS/SageMaker',
    statistic: 'Sum',
    dimensions: { EndpointName: 'elsewhere', VariantName: 'blue' },
  });
});
