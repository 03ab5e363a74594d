import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import {
  CapacitySize,
  EndpointSpecification,
  EndpointUpdatePolicy,
  InferenceComponentOptions,
  MlInstanceType,
  ModelMonitoring,
  ModelPipeline,
  SmokeTest,
} from '../../lib';
import { definitionOf, MachineDefinition } from './support/definition';
import { newStack, pipelineProps } from './support/pipelines';

const COPY: InferenceComponentOptions = { minMemoryRequiredInMb: 2048 };
const TO_NONE: InferenceComponentOptions = { ...COPY, minCopyCount: 0, maxCopyCount: 3, invocationsPerCopy: 90 };

interface Policy {
  readonly Properties: {
    readonly PolicyDocument: { readonly Statement: { Action: string | string[]; Resource: unknown }[] };
  };
}

function pipeline(
  component: InferenceComponentOptions,
  changes: Partial<EndpointSpecification> = {},
  stack = newStack(),
): ModelPipeline {
  const props = pipelineProps();
  return new ModelPipeline(stack, 'Pipeline', {
    ...props,
    endpoint: { ...props.endpoint, endpointName: 'e', inferenceComponent: component, ...changes },
  });
}

function machineOf(component: InferenceComponentOptions, changes: Partial<EndpointSpecification> = {}) {
  const stack = newStack();
  pipeline(component, changes, stack);
  return definitionOf(stack, 'ReleaseMachine');
}

const specificationOf = ({ States }: MachineDefinition) => States.ReleaseComponent.Parameters.specification;

test('instances come and go with the copies, and hold no model of their own', () => {
  const specification = specificationOf(machineOf(TO_NONE));
  expect(specification.variant).toEqual({
    ManagedInstanceScaling: { Status: 'ENABLED', MinInstanceCount: 0, MaxInstanceCount: 5 },
    RoutingConfig: { RoutingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
  });
  expect(specification).toMatchObject({ instanceType: 'ml.c7i.large', initialInstanceCount: 1 });
  expect(specificationOf(machineOf(COPY)).variant.ManagedInstanceScaling).toMatchObject({
    MinInstanceCount: 1,
    MaxInstanceCount: 2,
  });
});

test('each copy gets what it asks for, and the time that it needs to start', () => {
  const specification = specificationOf(
    machineOf(
      {
        minMemoryRequiredInMb: 4096,
        maxMemoryRequiredInMb: 8192,
        numberOfCpuCoresRequired: 1.5,
        numberOfAcceleratorDevicesRequired: 1,
      },
      {
        instanceType: MlInstanceType.of('ml.inf2.xlarge'),
        startupTimeout: Duration.minutes(10),
        downloadTimeout: Duration.minutes(20),
      },
    ),
  );
  expect(specification.component).toMatchObject({
    computeResourceRequirements: {
      MinMemoryRequiredInMb: 4096,
      MaxMemoryRequiredInMb: 8192,
      NumberOfCpuCoresRequired: 1.5,
      NumberOfAcceleratorDevicesRequired: 1,
    },
    startupParameters: {
      ContainerStartupHealthCheckTimeoutInSeconds: 600,
      ModelDataDownloadTimeoutInSeconds: 1200,
    },
    copyCount: 1,
  });
  expect(specification).not.toHaveProperty('containerStartupHealthCheckTimeoutSeconds');
  expect(specification).not.toHaveProperty('modelDataDownloadTimeoutSeconds');
});

test('copies move in batches under the alarms of the component, and instances all at once under the same', () => {
  const stack = newStack();
  const metric = new Metric({ namespace: 'Own', metricName: 'Complaints' });
  const own = new Alarm(stack, 'Own', { metric, threshold: 1, evaluationPeriods: 1 });
  const updatePolicy = EndpointUpdatePolicy.rolling({
    maximumBatchSize: CapacitySize.instances(2),
    waitInterval: Duration.minutes(1),
    alarms: [own],
  });
  pipeline({ ...COPY, minCopyCount: 4 }, { updatePolicy }, stack);
  const specification = specificationOf(definitionOf(stack, 'ReleaseMachine'));
  const { component, deploymentConfig } = specification;
  expect(component.deploymentConfig.RollingUpdatePolicy).toEqual({
    MaximumBatchSize: { Type: 'COPY_COUNT', Value: 2 },
    WaitIntervalInSeconds: 60,
    MaximumExecutionTimeoutInSeconds: 3600,
  });
  expect(component.deploymentConfig.AutoRollbackConfiguration.Alarms).toHaveLength(3);
  expect(deploymentConfig.BlueGreenUpdatePolicy.TrafficRoutingConfiguration.Type).toBe('ALL_AT_ONCE');
  expect(deploymentConfig.AutoRollbackConfiguration).toEqual(component.deploymentConfig.AutoRollbackConfiguration);
  const alarms = Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm', {
    Properties: { Namespace: 'AWS/SageMaker', Dimensions: [{ Name: 'InferenceComponentName', Value: 'e' }] },
  });
  expect(Object.keys(alarms)).toHaveLength(2);
});

test('without a policy, half of the copies move at a time', () => {
  expect(specificationOf(machineOf(COPY)).component.deploymentConfig.RollingUpdatePolicy).toMatchObject({
    MaximumBatchSize: { Type: 'CAPACITY_PERCENT', Value: 50 },
    WaitIntervalInSeconds: 300,
  });
});

test('copies scale where there may be more or fewer of them', () => {
  const { States } = machineOf({ ...TO_NONE, scaleInCooldown: Duration.minutes(10) });
  expect(States.Settle.Parameters).toMatchObject({
    inferenceComponent: true,
    scaling: {
      inferenceComponentName: 'e',
      minCapacity: 0,
      maxCapacity: 3,
      invocationsPerCopy: 90,
      scaleOutCooldownSeconds: 300,
      scaleInCooldownSeconds: 600,
    },
  });
  expect(machineOf({ ...COPY, minCopyCount: 2 }).States.Settle.Parameters).not.toHaveProperty('scaling');
});

test('the network is that of the endpoint', () => {
  const stack = newStack();
  const vpc = new Vpc(stack, 'Vpc', { maxAzs: 2 });
  pipeline(COPY, { vpc, networkIsolation: true, codeDirectory: undefined }, stack);
  expect(specificationOf(definitionOf(stack, 'ReleaseMachine'))).toMatchObject({
    networkIsolation: true,
    vpc: { subnets: [expect.anything(), expect.anything()], securityGroupIds: [expect.anything()] },
  });
});

describe('permissions', () => {
  /** What the policies of a stack let functions do with the component, by the names of the functions. */
  function permissions(): Record<string, string[]> {
    const stack = newStack();
    pipeline(TO_NONE, { smokeTest: SmokeTest.fromRequests([{ name: 'one', body: '{}' }]) }, stack);
    const policies = Template.fromStack(stack).findResources('AWS::IAM::Policy');
    const found: Record<string, string[]> = {};
    for (const [id, policy] of Object.entries(policies)) {
      const { Statement } = (policy as Policy).Properties.PolicyDocument;
      const actions = Statement.filter(({ Resource }) => JSON.stringify(Resource).includes(':inference-component/'))
        .flatMap(({ Action }) => Action)
        .map((action) => action.replace('sagemaker:', ''));
      const name =
        /(Serialise|ComponentRelease|ComponentRestore|Release|Status|SmokeTest|Restore|Settle|Decide|Remove)/;
      if (actions.length > 0)
        found[name.exec(id.replace('PipelineReleaseMachine', ''))![1]] = [...new Set(actions)].sort();
    }
    return found;
  }

  test('each step may do with the component of this name what it has to', () => {
    const changing = [
      'AddTags',
      'CreateInferenceComponent',
      'DeleteInferenceComponent',
      'DescribeInferenceComponent',
      'UpdateInferenceComponent',
    ];
    const wakes = ['DescribeInferenceComponent', 'UpdateInferenceComponentRuntimeConfig'];
    expect(permissions()).toEqual({
      Serialise: ['DescribeInferenceComponent'],
      Release: ['DeleteInferenceComponent', 'DescribeInferenceComponent'],
      ComponentRelease: changing,
      ComponentRestore: changing,
      Status: ['DescribeInferenceComponent'],
      SmokeTest: ['DescribeInferenceComponent', 'InvokeEndpoint', 'UpdateInferenceComponentRuntimeConfig'],
      Settle: wakes,
      Decide: ['DescribeInferenceComponent'],
      Remove: ['DeleteInferenceComponent', 'DescribeInferenceComponent'],
    });
  });

  test('callers may invoke endpoint and component, and runners see what the component runs', () => {
    const stack = newStack();
    const role = new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const made = pipeline(COPY, {}, stack);
    made.grantInvoke(role);
    made.grantRun(role);
    const component = { 'Fn::Join': ['', Match.arrayWith([':inference-component/e'])] };
    const on = (action: string) => ({
      Action: Match.arrayWith([action]),
      Resource: Match.arrayWith([component]),
    });
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike(on('sagemaker:InvokeEndpoint')),
          Match.objectLike({ Action: 'sagemaker:DescribeInferenceComponent', Resource: component }),
        ]),
      },
      Roles: [{ Ref: Match.stringLikeRegexp('Caller') }],
    });
  });
});

test('the clean-up knows of the component, and the dashboard draws its requests', () => {
  const stack = newStack();
  new ModelMonitoring(stack, 'Monitoring', { pipeline: pipeline(TO_NONE, {}, stack) });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('Custom::ModelpressCleanUp', { inferenceComponent: 'e' });
  const dashboards = template.findResources('AWS::CloudWatch::Dashboard');
  const body = JSON.stringify(dashboards);
  expect(body).toMatch(/Invocations\\",\\"InferenceComponentName\\",\\"e\\"/);
  expect(body).toMatch(/NoCapacityInvocationFailures\\",\\"InferenceComponentName\\",\\"e\\"/);
  expect(body).toMatch(/CPUUtilization\\",\\"EndpointName\\",\\"e\\",\\"VariantName\\",\\"main\\"/);
});

describe('is refused', () => {
  const rolling = EndpointUpdatePolicy.rolling();
  test.each<[string, InferenceComponentOptions, Partial<EndpointSpecification>, RegExp]>([
    ['scaling of instances', COPY, { scaling: { maxInstanceCount: 2, invocationsPerInstance: 1 } }, /by the copies/],
    ['answers later', COPY, { asyncInference: {} }, /InvokeEndpointAsync takes no InferenceComponentName/],
    ['a shadow', COPY, { shadowTest: { samplingPercentage: 50 } }, /shadowTest cannot go together with inferenceCom/],
    ['an explainer', COPY, { explainer: { baseline: '0,0' } }, /explainer cannot go together with inferenceComponent/],
    ['other types', COPY, { fallbackInstanceTypes: [MlInstanceType.M7I_LARGE] }, /fallbackInstanceTypes cannot go/],
    ['blue/green', COPY, { updatePolicy: EndpointUpdatePolicy.allAtOnce() }, /must be EndpointUpdatePolicy.rolling/],
    ['batches of one copy', COPY, { updatePolicy: rolling }, /minCopyCount of two or more.*received: 1/],
    [
      'a batch of more than half',
      { ...COPY, minCopyCount: 2 },
      { updatePolicy: EndpointUpdatePolicy.rolling({ maximumBatchSize: CapacitySize.instances(2) }) },
      /maximumBatchSize must be from 5 to 50 percent/,
    ],
    [
      'too little memory',
      { minMemoryRequiredInMb: 64 },
      {},
      /minMemoryRequiredInMb must be .* from 128 .*received: 64/,
    ],
    ['memory upside down', { ...COPY, maxMemoryRequiredInMb: 1024 }, {}, /\(2048\) must not exceed .*\(1024\)/],
    [
      'no GPU of one',
      COPY,
      { instanceType: MlInstanceType.G5_XLARGE },
      /DevicesRequired must be given for ml.g5.xlarge/,
    ],
    ['a GPU of none', { ...COPY, numberOfAcceleratorDevicesRequired: 1 }, {}, /which ml.c7i.large has not/],
    ['a sliver of a core', { ...COPY, numberOfCpuCoresRequired: 0.1 }, {}, /from 0.25 .*received: 0.1/],
    [
      'counts upside down',
      { ...TO_NONE, minCopyCount: 4 },
      {},
      /minCopyCount \(4\) must not exceed .*maxCopyCount \(3\)/,
    ],
    ['copies on nothing', { ...COPY, minInstanceCount: 0 }, {}, /can be 0 only with a minCopyCount of 0/],
    ['scaling by nothing', { ...COPY, maxCopyCount: 2 }, {}, /invocationsPerCopy must be given/],
    ['load without scaling', { ...COPY, invocationsPerCopy: 5 }, {}, /needs a maxCopyCount of more than minCopyCount/],
    ['too few instances', { ...COPY, minInstanceCount: 3, maxInstanceCount: 2 }, {}, /minInstanceCount \(3\) must not/],
    [
      'instances beyond',
      { ...COPY, maxInstanceCount: 2 },
      { instanceCount: 3 },
      /instanceCount \(3\) must be from .*1.*2/,
    ],
  ])('%s', (_, component, changes, message) => {
    expect(() => pipeline(component, changes)).toThrow(message);
  });
});
