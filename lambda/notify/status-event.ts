import { fields, text } from '../support/fields';

/** What is kept of a "Step Functions Execution Status Change" event. */
export interface StatusEvent {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  /** The execution's name; builds are named after it. */
  readonly name: string;
  readonly status: string;
  readonly error?: string;
  readonly cause?: string;
  /** What a succeeded execution ended with; empty where the event carries none. */
  readonly output: Readonly<Record<string, unknown>>;
}

/** Reads the event as EventBridge delivers it. */
export function readStatusEvent(event: Readonly<Record<string, unknown>>): StatusEvent {
  const detail = fields(event, 'detail');
  return {
    executionArn: text(detail, 'executionArn'),
    stateMachineArn: text(detail, 'stateMachineArn'),
    name: text(detail, 'name'),
    status: text(detail, 'status'),
    error: optionalText(detail.error),
    cause: optionalText(detail.cause),
    output: parseOutput(detail.output),
  };
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Too large an output is left out of the event, and then there is nothing to say about it. */
function parseOutput(output: unknown): Readonly<Record<string, unknown>> {
  if (typeof output !== 'string') return {};
  const parsed = JSON.parse(output) as unknown;
  return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
}
