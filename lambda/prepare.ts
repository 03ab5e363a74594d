import { buildName } from './support/build-name';
import { fields, InvalidEventError, text } from './support/fields';
import { isS3Address, parseS3Address } from './engine/io/location';

/**
 * Names the build after the execution and reads the execution's input: nothing (train first),
 * `{ "source": "s3://bucket/prefix/" }` (compress what is there), or `{ "ifChanged": true }` (only what has to be done because
 * the released model was made from other inputs).
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
