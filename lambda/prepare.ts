import { buildName } from './support/build-name';
import { fields, InvalidEventError, text } from './support/fields';
import { isS3Address, parseS3Address } from './engine/io/location';

/**
 * Names the build after the execution and reads the execution's input: nothing (train first) or
 * `{ "source": "s3://bucket/prefix/" }` (compress what is there).
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const build = buildName(text(event, 'executionName'));
  const { source } = fields(event, 'input');
  const trainingJobName = trainingJobPrefix(text(event, 'model'), build);
  if (source === undefined || source === null) return { build, trainingJobName };
  if (typeof source !== 'string' || !isS3Address(source)) {
    throw new InvalidEventError(
      `input "source" must be an address such as s3://bucket/prefix/, received: ${JSON.stringify(source)}`,
    );
  }
  parseS3Address(source);
  return { build, trainingJobName, source };
}

/** Training jobs are named to 63 characters; the state adds a dash and a few characters that tell attempts apart. */
function trainingJobPrefix(model: string, build: string): string {
  const room = 63 - '-'.length - '00-00'.length;
  return `${model.slice(0, room - build.length - 1)}-${build}`.replace(/-+/g, '-');
}
