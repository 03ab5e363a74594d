import { Duration, TimeZone } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import {
  CompressionRecipe,
  DeepLearningContainer,
  MlInstanceType,
  ModelCompleteness,
  ModelFormat,
  ModelPipeline,
  ModelPipelineProps,
} from '../../lib';
import { Json } from './support/definition';
import { newStack, pipelineProps } from './support/pipelines';

const LLM: Partial<ModelPipelineProps> = {
  modelFormat: ModelFormat.SAFETENSORS,
  training: undefined,
  compression: { recipe: CompressionRecipe.fp8() },
  endpoint: { image: DeepLearningContainer.VLLM_0_27, instanceType: MlInstanceType.G6_XLARGE },
};

function template(changes: Partial<ModelPipelineProps>): Template {
  const stack = newStack();
  new ModelPipeline(stack, 'Pipeline', pipelineProps(changes));
  return Template.fromStack(stack);
}

interface Policy {
  readonly Properties: {
    readonly Roles: unknown;
    readonly PolicyDocument: {
      readonly Statement: readonly { readonly Action: string | string[]; readonly Resource: unknown }[];
    };
  };
}

const isUpload = { 'detail-type': ['Object Created'] };

/** The environment of a trigger's function. */
function variables(made: Template, part: string): Json {
  const [found] = Object.entries(made.findResources('AWS::Lambda::Function')).filter(([name]) => name.includes(part));
  return (found[1] as { Properties: { Environment: { Variables: Json } } }).Properties.Environment.Variables;
}

describe('uploads', () => {
  test('start nothing unless they are asked for', () => {
    const rules = template({}).findResources('AWS::Events::Rule', { Properties: { EventPattern: isUpload } });
    expect(rules).toEqual({});
  });

  test('of TFLite models into the own bucket start builds by themselves, of others by a marker', () => {
    const key = (wildcard: string[]): object => ({
      EventPattern: {
        source: ['aws.s3'],
        ...isUpload,
        detail: {
          bucket: { name: [{ Ref: Match.stringLikeRegexp('ModelsBucket') }] },
          object: { key: wildcard.map((it) => ({ wildcard: it })) },
        },
      },
    });
    const tflite = template({ runOnNewModel: {} });
    tflite.hasResourceProperties('AWS::Events::Rule', key(['uploads/digits/*.tflite']));
    expect(variables(tflite, 'RunOnNewModel')).toMatchObject({ PREFIX: 'uploads/digits/', FORMAT: 'tflite' });
    expect(variables(tflite, 'RunOnNewModel').MARKER).toBeUndefined();
    const llm = template({ ...LLM, runOnNewModel: {} });
    llm.hasResourceProperties('AWS::Events::Rule', key(['uploads/digits/*_SUCCESS']));
    expect(variables(llm, 'RunOnNewModel')).toMatchObject({ MARKER: '_SUCCESS' });
    template({
      ...LLM,
      runOnNewModel: { prefix: 'zoo/', completeness: ModelCompleteness.modelFiles() },
    }).hasResourceProperties('AWS::Events::Rule', key(['zoo/*.safetensors', 'zoo/*.safetensors.index.json']));
  });

  test('into another bucket can be read by what plans, compresses and decides, with its key', () => {
    const stack = newStack();
    const bucket = Bucket.fromBucketAttributes(stack, 'Zoo', {
      bucketName: 'zoo',
      encryptionKey: Key.fromKeyArn(stack, 'ZooKey', 'arn:aws:kms:us-east-1:111122223333:key/zoo'),
    });
    const runOnNewModel = { bucket, prefix: 'done/', completeness: ModelCompleteness.marker('READY') };
    new ModelPipeline(stack, 'Pipeline', pipelineProps({ runOnNewModel }));
    const made = Template.fromStack(stack);
    const readers = Object.entries(made.findResources('AWS::IAM::Policy'))
      .filter(([, policy]) => JSON.stringify(policy).includes('s3:::zoo/done/*'))
      .map(([name]) => /Compressor(\w+?)Role/.exec(name)?.[1]);
    expect(readers.sort()).toEqual(['Compress', 'Plan']);
    made.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { detail: { bucket: { name: ['zoo'] }, object: { key: [{ wildcard: 'done/*READY' }] } } },
    });
  });

  test('are named after what they go through', () => {
    const digestOf = (changes: Partial<ModelPipelineProps>): unknown =>
      variables(template({ runOnNewModel: {}, ...changes }), 'RunOnNewModel').INPUTS_DIGEST;
    const { endpoint } = pipelineProps();
    const digests = [
      {},
      { compression: { recipe: CompressionRecipe.fp16() } },
      { endpoint: { ...endpoint, instanceCount: 2 } },
    ].map(digestOf);
    expect(new Set(digests).size).toBe(3);
    expect(digestOf({ statusInterval: Duration.seconds(20) })).toBe(digests[0]);
    expect(digestOf({ training: undefined })).toBe(digests[0]);
  });

  test.each([
    ['uploads', 'must name a folder and end in a slash'],
    ['', 'must name a folder'],
    ['/uploads/', 'must name a folder'],
    ['up*/', 'without asterisks'],
    ['raw/digits/', 'must lie apart from raw/digits/, where builds write and would start themselves again'],
    ['raw/', 'must lie apart from raw/digits/'],
    ['raw/digits/mine/', 'must lie apart from raw/digits/'],
    ['compressed/other/', 'must lie apart from compressed/'],
  ])('may not come to %p', (prefix, message) => {
    expect(() => template({ runOnNewModel: { prefix } })).toThrow(message);
  });

  test('may come from what another pipeline trains into the same bucket', () => {
    expect(() => template({ runOnNewModel: { prefix: 'raw/teacher/' } })).not.toThrow();
  });

  test('of ONNX models, whose weights may lie in any file, need a marker', () => {
    const changes = { modelFormat: ModelFormat.ONNX, runOnNewModel: { completeness: ModelCompleteness.modelFiles() } };
    expect(() => template(changes)).toThrow('must be a marker for ONNX models');
  });

  test('have a marker without a path', () => {
    expect(() => ModelCompleteness.marker('a/b')).toThrow('received: a/b');
  });
});

describe('the build of a model', () => {
  const zoo = 'arn:aws:s3:::zoo';

  test('is started by a function that may start its own machine, see its executions, and list where raw models lie', () => {
    const stack = newStack();
    const pipeline = new ModelPipeline(stack, 'Pipeline', pipelineProps());
    pipeline.addSource(Bucket.fromBucketArn(stack, 'Zoo', zoo), 'models/');
    const made = Template.fromStack(stack);
    const policies = Object.values(made.findResources('AWS::IAM::Policy')).map((policy) => policy as Policy);
    const statements = policies
      .filter(({ Properties: { Roles } }) => JSON.stringify(Roles).includes('BuildMachineStartBuild'))
      .flatMap(({ Properties: { PolicyDocument } }) => PolicyDocument.Statement);
    const allowed = (action: string): Policy['Properties']['PolicyDocument']['Statement'] =>
      statements.filter(({ Action }) => [Action].flat().includes(action));
    const machine = { Ref: expect.stringMatching(/BuildMachine/) as string };
    expect(allowed('states:StartExecution')).toMatchObject([{ Resource: machine }]);
    expect(allowed('states:DescribeExecution')).toHaveLength(1);
    expect(JSON.stringify(allowed('states:DescribeExecution')[0].Resource)).toMatch(/execution:.*BuildMachine.*:\*/);
    expect(allowed('s3:ListBucket')).toMatchObject([
      { Condition: { StringLike: { 's3:prefix': ['raw/digits/', 'raw/digits/*'] } } },
      { Resource: zoo, Condition: { StringLike: { 's3:prefix': ['models/', 'models/*'] } } },
    ]);
    expect(allowed('s3:GetObject')).toEqual([]);
  });

  test('has the name that an upload and a person give it', () => {
    const made = template({ runOnNewModel: {} });
    const { INPUTS_DIGEST } = variables(made, 'BuildMachineStartBuild');
    expect(INPUTS_DIGEST).toBe(variables(made, 'RunOnNewModel').INPUTS_DIGEST);
    made.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      Tags: Match.arrayWith([{ Key: 'modelpress:inputs', Value: INPUTS_DIGEST }]),
    });
  });
});

describe('a schedule', () => {
  test('calls its function, and nothing else, at these times', () => {
    const runOnSchedule = ScheduleExpression.cron({
      hour: '3',
      minute: '0',
      weekDay: 'MON',
      timeZone: TimeZone.EUROPE_BERLIN,
    });
    const made = template({ runOnSchedule });
    const target = { 'Fn::GetAtt': [Match.stringLikeRegexp('RunOnScheduleHandler'), 'Arn'] };
    made.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'cron(0 3 ? * MON *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: target, Input: '{"scheduledTime":"<aws.scheduler.scheduled-time>"}' },
    });
    made.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [{ Action: 'lambda:InvokeFunction', Effect: 'Allow', Resource: target }] },
      Roles: [{ Ref: Match.stringLikeRegexp('RunOnScheduleRole') }],
    });
  });

  test('needs something to train', () => {
    const runOnSchedule = ScheduleExpression.rate(Duration.days(7));
    expect(() => template({ training: undefined, runOnSchedule })).toThrow('runOnSchedule needs training');
  });
});

test('triggers go before the clean-up does, and tell when they fail', () => {
  const made = template({ runOnNewModel: {}, runOnSchedule: ScheduleExpression.rate(Duration.days(7)) });
  const resources = made.toJSON().Resources as Record<string, { Type: string; DependsOn?: string[] }>;
  const [cleanUp] = Object.entries(resources).find(([, { Type }]) => Type === 'Custom::ModelpressCleanUp')!;
  const types = ['Custom::ModelpressRunOnDeploy', 'AWS::Scheduler::Schedule'];
  const triggers = Object.entries(resources).filter(
    ([name, { Type }]) => types.includes(Type) || (Type === 'AWS::Events::Rule' && name.includes('RunOnNewModel')),
  );
  expect(triggers).toHaveLength(3);
  for (const [, { DependsOn }] of triggers) expect(DependsOn).toContain(cleanUp);
  made.resourcePropertiesCountIs(
    'AWS::Lambda::EventInvokeConfig',
    { DestinationConfig: { OnFailure: { Destination: { Ref: Match.stringLikeRegexp('NotificationsTopic') } } } },
    3,
  );
});
