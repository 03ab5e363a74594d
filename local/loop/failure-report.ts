import { DescribeEndpointCommand } from '@aws-sdk/client-sagemaker';
import { DescribeStateMachineForExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { indent, logTail } from '../log-tail';
import { StackOutputs } from '../deploy/deploy-app';
import { Clients } from './clients';
import { ExecutionFailedError } from '../../executions/execution-failure';
import { Sample } from './examples';
import { predict } from './predictions';

const LINES = 25;

export interface FailureReportOptions {
  readonly error: unknown;
  readonly clients: Clients;
  readonly stateDir: string;
  readonly stack?: StackOutputs;
  readonly samples: readonly Sample[];
}

/** Writes the end of the failed part's log, and what the endpoint that was there before does now. */
export async function tellFailure(options: FailureReportOptions): Promise<void> {
  const { error, stack } = options;
  const write = (text: string): unknown => process.stderr.write(`${text}\n`);
  if (error instanceof ExecutionFailedError) {
    const log = await findLog(options, error).catch(() => undefined);
    if (log !== undefined) write(`\n${log}`);
  }
  if (stack !== undefined) write(`\n${await describeEndpoint(options, stack)}`);
}

/** A function's log is in CloudWatch Logs; those of jobs and endpoints are files of the local SageMaker. */
async function findLog(options: FailureReportOptions, error: ExecutionFailedError): Promise<string | undefined> {
  const { clients, stateDir, stack } = options;
  const { failure, executionArn } = error;
  const logs = join(stateDir, 'sagemaker', 'logs');
  // What a gate has to say stands in its cause.
  if (failure.error === 'GateFailed') return undefined;
  const job = jobLog(failure.rawCause);
  if (job !== undefined) return showFile(join(logs, job));
  // A release that failed by itself, and not by its function, failed because of what the endpoint's container did.
  if (
    stack !== undefined &&
    isExecutionOf(executionArn, stack.ReleaseStateMachineArn) &&
    !failure.rawCause.includes('errorType')
  ) {
    return showFile(newestFile(join(logs, 'endpoints', stack.EndpointName)));
  }
  const functionName = await functionOf(clients.states, executionArn, failure.state);
  const lines = functionName === undefined ? [] : await functionLog(clients, functionName);
  return lines.length === 0 ? undefined : `The end of the log of ${functionName}:\n${indent(lines.join('\n'), LINES)}`;
}

/** Path of the log of the job whose description is the cause. */
function jobLog(cause: string): string | undefined {
  let job: { TrainingJobName?: string; ProcessingJobName?: string };
  try {
    job = JSON.parse(cause) as typeof job;
  } catch {
    return undefined;
  }
  if (job.TrainingJobName !== undefined) return join('training', `${job.TrainingJobName}.log`);
  return job.ProcessingJobName === undefined ? undefined : join('processing', `${job.ProcessingJobName}.log`);
}

function isExecutionOf(executionArn: string, stateMachineArn: string): boolean {
  return executionArn.startsWith(`${stateMachineArn.replace(':stateMachine:', ':execution:')}:`);
}

function newestFile(folder: string): string | undefined {
  const files = readdirSync(folder).map((name) => join(folder, name));
  return files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
}

function showFile(file: string | undefined): string | undefined {
  return file === undefined ? undefined : `The end of ${file}:\n${logTail(file, LINES)}`;
}

interface StateDefinition {
  readonly Parameters?: { readonly FunctionName?: string };
  readonly ItemProcessor?: { readonly States: Record<string, StateDefinition> };
}

async function functionOf(states: SFNClient, executionArn: string, state: string): Promise<string | undefined> {
  const { definition } = await states.send(new DescribeStateMachineForExecutionCommand({ executionArn }));
  const all = (JSON.parse(definition ?? '{}') as { States: Record<string, StateDefinition> }).States;
  const inner = Object.values(all[state]?.ItemProcessor?.States ?? {});
  const name = [all[state], ...inner].map((one) => one?.Parameters?.FunctionName).find((one) => one !== undefined);
  return name?.replace(/^arn:[^:]*:lambda:[^:]*:[^:]*:function:/, '').split(':')[0];
}

async function functionLog(clients: Clients, functionName: string): Promise<string[]> {
  const endpoint = await clients.states.config.endpoint?.();
  if (endpoint === undefined) return [];
  const response = await fetch(`http://${endpoint.hostname}:${endpoint.port}/`, {
    method: 'POST',
    headers: { 'X-Amz-Target': 'Logs_20140328.FilterLogEvents', 'Content-Type': 'application/x-amz-json-1.1' },
    body: JSON.stringify({ logGroupName: `/aws/lambda/${functionName}`, limit: 10_000 }),
  });
  const { events = [] } = (await response.json()) as { events?: { message: string }[] };
  return events.map((event) => event.message.trimEnd());
}

async function describeEndpoint(options: FailureReportOptions, stack: StackOutputs): Promise<string> {
  const { clients, samples } = options;
  const name = stack.EndpointName;
  try {
    const endpoint = await clients.sageMaker.send(new DescribeEndpointCommand({ EndpointName: name }));
    if (endpoint.EndpointStatus !== 'InService') {
      return `The endpoint ${name} is ${endpoint.EndpointStatus}${endpoint.FailureReason ? `: ${endpoint.FailureReason}` : ''}`;
    }
    const [answer] = await predict(clients, name, samples.slice(0, 1));
    return `The endpoint ${name} still serves ${endpoint.EndpointConfigName}: ${answer.label} is recognised as ${answer.predicted}.`;
  } catch {
    return `There is no endpoint ${name} yet.`;
  }
}
