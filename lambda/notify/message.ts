import { readableCause } from '../support/readable-cause';
import { adviceFor, Kind, kindOf } from './advice';
import { StatusEvent } from './status-event';

/** SNS takes subjects of 100 ASCII characters. */
const MAX_SUBJECT = 100;
/** A message may have 256 KiB; nobody reads more than this. */
const MAX_CAUSE = 16_000;

export interface Pipeline {
  readonly modelName: string;
  readonly endpointName: string;
  readonly buildMachineArn: string;
  readonly releaseMachineArn: string;
}

export interface Message {
  readonly kind: Kind;
  readonly machine: 'build' | 'release' | 'clean-up';
  readonly subject: string;
  readonly text: string;
}

const OUTCOMES: Readonly<Record<Kind, string>> = {
  failed: 'failed',
  gated: 'did not pass its gate',
  'rolled-back': 'was rolled back',
  stopped: 'was stopped',
  'waiting-for-approval': 'waits for approval',
};

/** Tells a person what an execution that did not succeed means. */
export function failureMessage(pipeline: Pipeline, event: StatusEvent, state: string | undefined): Message {
  const kind = kindOf(event.status, event.error);
  const cause = readableCause(event.cause ?? '').slice(0, MAX_CAUSE);
  return message(pipeline, event, kind, [
    ['state', state ?? 'not known'],
    ['error', event.error ?? event.status],
    ['cause', cause === '' ? 'none was given' : cause],
    ['what to do', adviceFor(kind, event.error)],
  ]);
}

/** Puts the facts that every message has around its own. */
export function message(
  pipeline: Pipeline,
  event: StatusEvent,
  kind: Kind,
  facts: readonly (readonly [string, string])[],
): Message {
  const { modelName, endpointName } = pipeline;
  const machine = machineOf(pipeline, event);
  const title = `The ${machine} ${event.name} of the model ${modelName} ${OUTCOMES[kind]}.`;
  const all = [...facts, ['endpoint', endpointName], ['execution', event.executionArn], ['link', link(event)]];
  return {
    kind,
    machine,
    subject: `modelpress: ${machine} of ${modelName} ${OUTCOMES[kind]}`.slice(0, MAX_SUBJECT),
    text: `${title}\n\n${all.map(([name, value]) => `${name}: ${value}`).join('\n')}\n`,
  };
}

function machineOf(pipeline: Pipeline, { stateMachineArn }: StatusEvent): Message['machine'] {
  if (stateMachineArn === pipeline.buildMachineArn) return 'build';
  return stateMachineArn === pipeline.releaseMachineArn ? 'release' : 'clean-up';
}

const CONSOLES: Readonly<Record<string, string>> = {
  aws: 'console.aws.amazon.com',
  'aws-cn': 'console.amazonaws.cn',
  'aws-us-gov': 'console.amazonaws-us-gov.com',
};

/** The execution in the console of its partition and region. */
function link({ executionArn }: StatusEvent): string {
  const [, partition, , region] = executionArn.split(':');
  const host = CONSOLES[partition] ?? CONSOLES.aws;
  return `https://${host}/states/home?region=${region}#/v2/executions/details/${executionArn}`;
}
