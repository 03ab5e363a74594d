import { readFileSync } from 'node:fs';
import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  ScalableTarget,
  ScalingPolicy,
} from '@aws-sdk/client-application-auto-scaling';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  MetricAlarm,
  PutMetricAlarmCommand,
  PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import {
  DescribeInferenceComponentCommand,
  DescribeInferenceComponentOutput,
  ListEndpointConfigsCommand,
  ListModelsCommand,
} from '@aws-sdk/client-sagemaker';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { Template } from 'aws-cdk-lib/assertions';
import { EndpointSpecification, ModelPipeline, SmokeTest } from '../../../lib';
import { Ledger } from '../../../lambda/release/ledger';
import { BUCKET, ECHO_SCRIPT, SERVING_IMAGE, TestSageMaker } from '../../local/sagemaker/test-sagemaker';
import { definitionOf, Json, MachineDefinition } from '../../lib/support/definition';
import { execute, Execution, executionArn, fault, prepare, TaskHandler } from '../../lib/support/execute';
import { newStack, pipelineProps } from '../../lib/support/pipelines';
import { ExecutionsApi } from './executions-api';

const HANDLERS = {
  Serialise: 'serialise',
  Shadow: 'shadow',
  StatusShadow: 'status',
  JudgeShadow: 'judge-shadow',
  DropShadow: 'drop-shadow',
  StatusDropped: 'status',
  Release: 'release',
  Status: 'status',
  ReleaseComponent: 'release-component',
  StatusComponent: 'status',
  SmokeTest: 'smoke-test',
  RestoreComponent: 'restore-component',
  StatusRestoredComponent: 'status',
  Restore: 'restore',
  StatusRestored: 'status',
  Settle: 'settle',
  GiveUp: 'settle',
} as const;

export type Step = keyof typeof HANDLERS;

/** A script whose answers are numbers: what lies in name.txt and a value that may be wrong. */
export const WRONG_SCRIPT = ECHO_SCRIPT.replace('{"model": model,', '{"model": model, "value": 0.1,');
export const RIGHT_SCRIPT = ECHO_SCRIPT.replace('{"model": model,', '{"model": model, "value": 0.9,');
/** Takes and gives CSV: one of the first feature and two of the second. */
export const WEIGHTED_SUM_SCRIPT = `
import csv, io

def model_fn(model_dir):
    return [1.0, 2.0]

def input_fn(body, content_type):
    return [[float(cell) for cell in row] for row in csv.reader(io.StringIO(body))]

def predict_fn(rows, weights):
    return [sum(weight * cell for weight, cell in zip(weights, row)) for row in rows]

def output_fn(prediction, accept):
    return "\\n".join(map(repr, prediction)), "text/csv"
`;
export const CRASH_SCRIPT = 'raise SystemExit("no such thing as a model")\n';

/** Stands for the endpoint's name in a machine that serves for many. */
const NAME = 'name-of-the-endpoint';

/** Old instances stay for five minutes by default. */
const WAIT_SCALE = 0.0005;

export interface RunOptions {
  /** After this step the execution is cut off: nothing of it happens any more. */
  readonly cutAfter?: Step;
  /** Is called before each step; may throw what the service would. */
  readonly before?: (step: Step, input: Json) => void | Promise<void>;
  readonly name?: string;
}

/**
 * Executes the release machine of a stack with the functions that it deploys, against a local SageMaker and a local S3.
 * Only Step Functions itself is stood in for: an interpreter of the definition, and a list of what runs.
 */
export class ReleaseRuns {
  readonly executions = new ExecutionsApi();
  private readonly handlers: Partial<Record<Step, TaskHandler>> = {};
  /** What was synthesized, by the endpoint's properties. */
  private readonly synthesized = new Map<string, Synthesized>();
  private count = 0;
  private begun = 0;

  private constructor(readonly sageMaker: TestSageMaker) {}

  static async start(): Promise<ReleaseRuns> {
    const runs = new ReleaseRuns(await TestSageMaker.start(WAIT_SCALE));
    const { aws, server } = runs.sageMaker;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: aws.url,
      AWS_ENDPOINT_URL_SAGEMAKER: server.url,
      AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: server.url,
      AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING: server.url,
      AWS_ENDPOINT_URL_SFN: await runs.executions.start(),
      AWS_REGION: aws.config.region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    // Only now: the functions make their clients when they are loaded.
    for (const [step, file] of Object.entries(HANDLERS)) {
      const { handler } = (await import(`../../../lambda/${file}`)) as { handler: TaskHandler };
      runs.handlers[step as Step] = handler;
    }
    return runs;
  }

  private get cloudWatch(): CloudWatchClient {
    return new CloudWatchClient(this.sageMaker.aws.config);
  }

  async close(): Promise<void> {
    this.executions.close();
    await this.sageMaker.close();
  }

  /** The release machine of a pipeline with this endpoint, its placeholders filled in for this machine, and its alarms. */
  async machine(endpointName: string, endpoint: Partial<EndpointSpecification> = {}): Promise<MachineDefinition> {
    const properties = JSON.stringify(endpoint);
    const known = this.synthesized.get(properties);
    const made = known ?? synthesize(endpoint);
    this.synthesized.set(properties, made);
    for (const [name, alarm] of Object.entries(made.alarms)) {
      await this.cloudWatch.send(
        new PutMetricAlarmCommand({
          ...alarm,
          AlarmName: `${endpointName}-${name}`,
          Dimensions: alarm.Dimensions!.map(({ Name, Value }) => ({ Name, Value: Value!.replace(NAME, endpointName) })),
        }),
      );
    }
    await this.sageMaker.put(made.goldenKey, made.golden);
    const definition = JSON.parse(made.definition.replaceAll(NAME, endpointName)) as MachineDefinition;
    await prepare(definition, { isChecked: known !== undefined });
    return definition;
  }

  /** Stores a finished artifact; each is begun after the one before. Returns the input that its build would give. */
  async build(name: string, script = RIGHT_SCRIPT): Promise<{ build: string; artifact: string }> {
    const artifact = `compressed/digits/${name}/`;
    await this.sageMaker.put(`${artifact}name.txt`, name);
    await this.sageMaker.put(`${artifact}code/inference.py`, script);
    const begun = new Date(Date.UTC(2026, 0, 1) + this.begun++ * 1000).toISOString();
    await this.sageMaker.put(`${artifact}manifest.json`, JSON.stringify({ provenance: { begun } }));
    return { build: name, artifact: `s3://${BUCKET}/${artifact}` };
  }

  /** Executes the machine from start to end, or to where it is cut off. */
  async run(machine: MachineDefinition, input: object, options: RunOptions = {}): Promise<Execution> {
    const name = options.name ?? `run-${++this.count}`;
    const arn = executionArn({ name });
    this.executions.running.add(arn);
    let isCut = false;
    const handlers = Object.fromEntries(
      Object.entries(this.handlers).map(([step, handler]): [string, TaskHandler] => [
        step,
        async (given) => {
          if (isCut) throw fault('CutOff');
          await options.before?.(step as Step, given);
          if (step.startsWith('Status')) await new Promise((done) => setTimeout(done, 50));
          const answer = await handler(given);
          if (step === options.cutAfter) isCut = isDone(step, answer);
          return answer;
        },
      ]),
    );
    try {
      return await execute(machine, input, handlers, { name });
    } finally {
      this.executions.running.delete(arn);
      // Long enough ago for nothing of it to go on.
      this.executions.ended.set(arn, new Date(0));
    }
  }

  /** Asks for the turn once, as an execution of this name that runs; answers with what was thrown, if anything. */
  async ask(machine: MachineDefinition, input: object, name: string): Promise<unknown> {
    const execution = executionArn({ name });
    this.executions.running.add(execution);
    const given = { ...machine.States.Serialise.Parameters, input, execution } as unknown as Json;
    return Promise.resolve(this.handlers.Serialise!(given)).catch((error: Error) => error);
  }

  /** The registration of an endpoint, or of the component of its name, with Application Auto Scaling, and its policies. */
  async scaling(
    endpointName: string,
    ofComponent = false,
  ): Promise<{ target?: ScalableTarget; policies: ScalingPolicy[] }> {
    const client = new ApplicationAutoScalingClient({
      ...this.sageMaker.aws.config,
      endpoint: this.sageMaker.server.url,
    });
    const ResourceId = ofComponent ? `inference-component/${endpointName}` : `endpoint/${endpointName}/variant/main`;
    const ServiceNamespace = 'sagemaker';
    const found = await client.send(
      new DescribeScalableTargetsCommand({ ServiceNamespace, ResourceIds: [ResourceId] }),
    );
    const { ScalingPolicies } = await client.send(new DescribeScalingPoliciesCommand({ ServiceNamespace, ResourceId }));
    return { target: found.ScalableTargets![0], policies: ScalingPolicies! };
  }

  /** An alarm as CloudWatch has it; undefined where there is none. */
  async alarm(name: string): Promise<MetricAlarm | undefined> {
    return (await this.cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [name] }))).MetricAlarms?.[0];
  }

  async ledger(endpointName: string): Promise<Ledger> {
    const answer = await this.sageMaker.aws.s3.send(
      new GetObjectCommand({ Bucket: BUCKET, Key: `releases/${endpointName}.json` }),
    );
    return JSON.parse(await answer.Body!.transformToString()) as Ledger;
  }

  /** Names of all configs and models of an endpoint. */
  async left(endpointName: string): Promise<{ configs: string[]; models: string[] }> {
    const query = { NameContains: `${endpointName}-`, MaxResults: 100 };
    const { EndpointConfigs } = await this.sageMaker.client.send(new ListEndpointConfigsCommand(query));
    const { Models } = await this.sageMaker.client.send(new ListModelsCommand(query));
    return {
      configs: EndpointConfigs!.map((config) => config.EndpointConfigName!),
      models: Models!.map((model) => model.ModelName!),
    };
  }

  /** Which build the inference component on the endpoint serves. */
  async servesByComponent(endpointName: string): Promise<string> {
    return (await this.sageMaker.invoke(endpointName, {}, { InferenceComponentName: endpointName })).model;
  }

  /** The inference component on the endpoint. */
  component(endpointName: string): Promise<DescribeInferenceComponentOutput> {
    const command = new DescribeInferenceComponentCommand({ InferenceComponentName: endpointName });
    return this.sageMaker.client.send(command);
  }

  /** Which build the endpoint serves. */
  async serves(endpointName: string): Promise<string> {
    return (await this.sageMaker.invoke(endpointName)).model;
  }
}

interface Synthesized {
  readonly definition: string;
  readonly golden: Buffer;
  readonly goldenKey: string;
  readonly alarms: Record<string, PutMetricAlarmCommandInput>;
}

/** The machine of a pipeline for the endpoint NAME, as text. */
function synthesize(endpoint: Partial<EndpointSpecification>): Synthesized {
  const stack = newStack();
  const smokeTest = SmokeTest.fromRequests([
    { name: 'value', body: '{}', expected: '{"value": 0.9}', absoluteTolerance: 0.05 },
  ]);
  const props = pipelineProps();
  new ModelPipeline(stack, 'Pipeline', {
    ...props,
    endpoint: { ...props.endpoint, endpointName: NAME, smokeTest, ...endpoint },
  });
  const definition = JSON.stringify(definitionOf(stack, 'ReleaseMachine'))
    .replaceAll(/<account>[^"]*pytorch-inference[^"]*/g, SERVING_IMAGE)
    .replaceAll(/<Pipeline[A-Za-z]*Role\w+\.Arn>/g, 'arn:aws:iam::123456789012:role/hosting')
    .replaceAll(/<PipelineModelsKey\w+\.Arn>/g, 'key')
    .replaceAll(/<PipelineModelsBucket\w+>/g, BUCKET)
    .replaceAll(/<PipelineHosting(Alarms\w+)>/g, `${NAME}-$1`)
    .replaceAll(/"bucket":"cdk-[^"]*"/g, `"bucket":"${BUCKET}"`);
  const alarms = Object.entries(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm')).flatMap(
    ([id, { Properties }]): [string, PutMetricAlarmCommandInput][] =>
      id.startsWith('PipelineHostingAlarms')
        ? [[id.replace('PipelineHosting', ''), Properties as PutMetricAlarmCommandInput]]
        : [],
  );
  const { key } = (JSON.parse(definition) as MachineDefinition).States.SmokeTest.Parameters.golden as unknown as {
    key: string;
  };
  const golden = readFileSync((endpoint.smokeTest ?? smokeTest)._pack());
  return { definition, golden, goldenKey: key, alarms: Object.fromEntries(alarms) };
}

/** A step that only finds that it must wait is not the one to cut after. */
function isDone(step: Step, answer: unknown): boolean {
  return !step.startsWith('Status') || (answer as { state: string }).state !== 'InProgress';
}
