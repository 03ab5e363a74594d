import { buildName } from './support/build-name';
import { fields, InvalidEventError, text } from './support/fields';
import { isS3Address, parseS3Address } from './engine/io/location';

/** Clocks differ by less. */
const TOLERANCE_MS = 60_000;

/**
 * Names the build after the execution and reads the execution's input: nothing (train first),
 * `{ "source": "s3://bucket/prefix/" }` (compress what is there), or `{ "ifChanged": true }` (only what has to be done because
 * the released model was made from other inputs). `begun` says when a build was begun that an earlier execution started;
 * of two builds the one that was begun later ends up serving.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const build = buildName(text(event, 'executionName'));
  const input = fields(event, 'input');
  const ifChanged = flag(input, 'ifChanged');
  const source = sourceOf(input);
  if (ifChanged && source !== undefined) {
    throw new InvalidEventError('input has "source" and "ifChanged"; give a model to compress, or neither');
  }
  return {
    build,
    trainingJobName: trainingJobPrefix(text(event, 'model'), build),
    begun: begunOf(input) ?? text(event, 'startTime'),
    ...(ifChanged ? { ifChanged } : {}),
    ...(source === undefined ? {} : { source }),
  };
}

function sourceOf({ source }: Readonly<Record<string, unknown>>): string | undefined {
  if (source === undefined || source === null) return undefined;
  if (typeof source !== 'string' || !isS3Address(source)) {
    throw new InvalidEventError(
      `input "source" must be an address such as s3://bucket/prefix/, received: ${JSON.stringify(source)}`,
    );
  }
  parseS3Address(source);
  return source;
}

function begunOf({ begun }: Readonly<Record<string, unknown>>): string | undefined {
  if (begun === undefined || begun === null) return undefined;
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
  const time = typeof begun === 'string' && form.test(begun) ? Date.parse(begun) : NaN;
  if (time <= Date.now() + TOLERANCE_MS) return new Date(time).toISOString();
  throw new InvalidEventError(
    `input "begun" must be a time that has passed, such as 2026-01-31T12:00:00Z, received: ${JSON.stringify(begun)}`,
  );
}

function flag(input: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = input[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw new InvalidEventError(`input "${name}" must be true or false, received: ${JSON.stringify(value)}`);
}

/** Training jobs are named to 63 characters; the state adds a dash and a few characters that tell attempts apart. */
function trainingJobPrefix(model: string, build: string): string {
  const room = 63 - '-'.length - '00-00'.length;
  return `${model.slice(0, room - build.length - 1)}-${build}`.replace(/-+/g, '-');
}
