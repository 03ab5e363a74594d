import { isS3Address, parseS3Address } from '../../lambda/engine/io/location';
import { UsageError } from '../usage';

/** Which pipeline a command is for. */
export interface PipelineChoice {
  /** Name of the stack that holds it. */
  readonly stack: string;
  /** Name of the model or the endpoint; needed where the stack has several pipelines. */
  readonly model: string | undefined;
  readonly json: boolean;
}

/** A command for a deployed pipeline. */
export type PipelineCommand = PipelineChoice &
  (
    | { readonly name: 'run'; readonly input: RunInput; readonly wait: boolean }
    | { readonly name: 'status' }
    | { readonly name: 'release'; readonly what: string; readonly wait: boolean }
    | { readonly name: 'history'; readonly limit: number }
  );

/** Input of the build machine. */
export type RunInput = { readonly source?: string } | { readonly ifChanged: true };

export const PIPELINE_OPTIONS = {
  stack: { type: 'string' },
  model: { type: 'string' },
  source: { type: 'string' },
  'if-changed': { type: 'boolean' },
  wait: { type: 'boolean' },
  limit: { type: 'string' },
} as const;

/** Options as `parseArgs` gives them. */
export interface PipelineValues {
  readonly stack?: string;
  readonly model?: string;
  readonly source?: string;
  readonly 'if-changed'?: boolean;
  readonly wait?: boolean;
  readonly limit?: string;
  readonly json?: boolean;
}

const ALLOWED: Readonly<Record<PipelineCommand['name'], readonly (keyof PipelineValues)[]>> = {
  run: ['source', 'if-changed', 'wait'],
  status: [],
  release: ['wait'],
  history: ['limit'],
};

export function isPipelineCommand(name: string | undefined): name is PipelineCommand['name'] {
  return name !== undefined && Object.keys(ALLOWED).includes(name);
}

/** @throws UsageError */
export function readPipelineCommand(
  name: PipelineCommand['name'],
  places: readonly string[],
  values: PipelineValues,
): PipelineCommand {
  const { stack, model, json = false, wait = false } = values;
  if (stack === undefined) throw new UsageError(`${name} needs --stack <name>, the stack that holds the pipeline`);
  for (const option of Object.keys(values) as (keyof PipelineValues)[]) {
    if (!['stack', 'model', 'json', ...ALLOWED[name]].includes(option))
      throw new UsageError(`${name} takes no --${option}`);
  }
  const expected = name === 'release' ? 1 : 0;
  if (places.length !== expected) {
    throw new UsageError(
      expected === 1
        ? `release takes the name of a build or the address of an artifact, received ${places.length} places`
        : `${name} takes options only, received: ${places.join(' ')}`,
    );
  }
  const choice = { stack, model, json };
  if (name === 'run') return { ...choice, name, input: readInput(values), wait };
  if (name === 'release') return { ...choice, name, what: places[0], wait };
  if (name === 'history') return { ...choice, name, limit: readLimit(values.limit) };
  return { ...choice, name };
}

function readInput({ source, 'if-changed': ifChanged }: PipelineValues): RunInput {
  if (ifChanged === true && source !== undefined) throw new UsageError('--source and --if-changed exclude each other');
  if (ifChanged === true) return { ifChanged };
  if (source === undefined) return {};
  if (!isS3Address(source)) throw new UsageError(`--source must be s3://bucket/prefix/, received: ${source}`);
  const { bucket, prefix } = parseS3Address(source);
  return { source: `s3://${bucket}/${prefix}` };
}

function readLimit(text = '20'): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw new UsageError(`--limit must be a whole number from 1 to 1000, received: ${text}`);
  return limit;
}
