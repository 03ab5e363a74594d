import { matcher } from '../engine/weights/patterns';
import { Manifest, ManifestTensor } from '../engine/manifest';

/** As the stack renders them; an absent limit allows everything. */
export interface Limits {
  readonly maxRelativeError?: number;
  readonly minSqnrDb?: number;
  readonly maxTensorRelativeError?: number;
  readonly minTensorSqnrDb?: number;
  readonly ignoredTensors?: readonly string[];
  readonly minSparsity?: number;
  readonly maxSparsity?: number;
  readonly maxBytes?: number;
  readonly minCompressionRatio?: number;
}

/** So many tensors are named; the manifest has all of them. */
const WORST = 5;

/** Compares what the manifest says with the limits; answers one line for each that is not kept, with the numbers. */
export function checkCompression({ totals, tensors }: Manifest, limits: Limits): string[] {
  const error = measured(totals.relativeError);
  return [
    ...atMost('relative error of the whole model', error, limits.maxRelativeError),
    ...atLeast('SQNR of the whole model, in dB', sqnrDb(error), limits.minSqnrDb),
    ...checkTensors(tensors, limits),
    ...atLeast('sparsity', totals.sparsity, limits.minSparsity),
    ...atMost('sparsity', totals.sparsity, limits.maxSparsity),
    ...atMost('size in bytes', totals.bytesAfter, limits.maxBytes),
    ...atLeast('compression ratio', totals.bytesBefore / totals.bytesAfter, limits.minCompressionRatio),
  ];
}

function checkTensors(tensors: readonly ManifestTensor[], limits: Limits): string[] {
  const ignored = (limits.ignoredTensors ?? []).map(matcher);
  const changed = tensors
    .filter((tensor) => tensor.relativeError !== undefined)
    .filter(({ name }) => !ignored.some((matches) => matches(name, name)))
    .map(({ name, relativeError }) => ({ name, error: measured(relativeError) }))
    .sort((a, b) => b.error - a.error);
  const { maxTensorRelativeError: highest = Infinity, minTensorSqnrDb: lowest = -Infinity } = limits;
  return [
    ...worst(
      'relative error',
      `at most ${highest} is`,
      changed.filter(({ error }) => !(error <= highest)),
      changed.length,
      ({ error }) => error,
    ),
    ...worst(
      'SQNR in dB',
      `at least ${lowest} is`,
      changed.filter(({ error }) => !(sqnrDb(error) >= lowest)),
      changed.length,
      ({ error }) => sqnrDb(error),
    ),
  ];
}

interface TensorError {
  readonly name: string;
  readonly error: number;
}

function worst(
  what: string,
  allowed: string,
  failed: readonly TensorError[],
  all: number,
  value: (tensor: TensorError) => number,
): string[] {
  if (failed.length === 0) return [];
  const named = failed.slice(0, WORST).map((tensor) => `${tensor.name} ${format(value(tensor))}`);
  const more = failed.length > WORST ? `, and ${failed.length - WORST} more` : '';
  return [`${what} of ${failed.length} of ${all} tensors: ${named.join(', ')}${more}; ${allowed} allowed`];
}

function atMost(what: string, value: number, limit: number | undefined): string[] {
  if (limit === undefined || value <= limit) return [];
  return [`${what}: ${format(value)}; at most ${limit} is allowed`];
}

function atLeast(what: string, value: number, limit: number | undefined): string[] {
  if (limit === undefined || value >= limit) return [];
  return [`${what}: ${format(value)}; at least ${limit} is allowed`];
}

/** JSON has no infinity: an error that is not finite is written as null, and exceeds every limit. */
function measured(error: number | null | undefined): number {
  return error ?? Infinity;
}

/** From the error, because the manifest leaves the decibels out where they are infinite, either way. */
function sqnrDb(error: number): number {
  return -20 * Math.log10(error);
}

function format(value: number): string {
  return String(Number(value.toPrecision(4)));
}
