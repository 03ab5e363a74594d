import { InvalidRecipeError } from './errors';

/** What to do with a model's weights. Pruning comes first, then quantization. */
export interface Recipe {
  /** The number format: `int8`, `fp16`, `w4a16`, …, or `none` to prune only. */
  readonly method: string;
  /** `exact` reproduces the field's reference bit for bit; `best` has less error at the same size. */
  readonly mode: 'exact' | 'best';
  /** Share of the weights of each tensor to set to zero, smallest magnitude first, or the 2:4 pattern. */
  readonly prune?: number | '2:4';
  /** Weights that share a scale, for methods that work in groups. */
  readonly groupSize?: number;
  /** For `w4a16` and `w4a16-asym` of ONNX models: MatMulNBits (`QOperator`) or DequantizeLinear (`QDQ`). */
  readonly quantFormat?: 'QOperator' | 'QDQ';
  /** Tensors or modules to leave alone: a name, or `re:` and a regular expression that matches from the start. */
  readonly ignore?: readonly string[];
  /** Other methods for some modules; the first match counts. */
  readonly overrides?: readonly RecipeOverride[];
}

export interface RecipeOverride {
  /** A name, or `re:` and a regular expression that matches from the start. */
  readonly match: string;
  /** The method for what matches, or `none`. */
  readonly method: string;
  readonly groupSize?: number;
}

/** Every method that some format knows. */
export const METHODS = [
  'none',
  'int8',
  'int4',
  'int8-dynamic',
  'fp16',
  'bf16',
  'w8a8',
  'w8a16',
  'w4a16',
  'w4a16-asym',
  'fp8',
  'fp8-block',
  'nvfp4a16',
  'mxfp4a16',
  'mxfp8',
] as const;

const FIELDS = ['method', 'mode', 'prune', 'groupSize', 'quantFormat', 'ignore', 'overrides'];

/**
 * Checks a recipe that came from outside (an event, a command line) and fills in the defaults.
 *
 * @throws InvalidRecipeError naming the field, what was received, and what is allowed.
 */
export function parseRecipe(input: unknown): Recipe {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new InvalidRecipeError(
      `recipe must be an object such as {"method":"int8"}, received: ${JSON.stringify(input)}`,
    );
  }
  const raw = input as Record<string, unknown>;
  const unknown = Object.keys(raw).filter((key) => !FIELDS.includes(key));
  if (unknown.length > 0) {
    throw new InvalidRecipeError(`recipe has unknown fields: ${unknown.join(', ')}; allowed are ${FIELDS.join(', ')}`);
  }
  const method = parseMethod(raw.method, 'method');
  const mode = raw.mode ?? 'best';
  if (mode !== 'exact' && mode !== 'best') {
    throw new InvalidRecipeError(`recipe mode must be "exact" or "best", received: ${JSON.stringify(raw.mode)}`);
  }
  const prune = parsePrune(raw.prune);
  if (method === 'none' && prune === undefined && raw.overrides === undefined) {
    throw new InvalidRecipeError(
      'recipe does nothing: method is "none" and prune is not given; choose a method or a share to prune',
    );
  }
  return {
    method,
    mode,
    ...(prune === undefined ? {} : { prune }),
    ...(raw.groupSize === undefined ? {} : { groupSize: parseGroupSize(raw.groupSize) }),
    ...(raw.quantFormat === undefined ? {} : { quantFormat: parseQuantFormat(raw.quantFormat) }),
    ...(raw.ignore === undefined ? {} : { ignore: parsePatterns(raw.ignore) }),
    ...(raw.overrides === undefined ? {} : { overrides: parseOverrides(raw.overrides) }),
  };
}

function parseMethod(value: unknown, field: string): string {
  if (typeof value !== 'string' || !(METHODS as readonly string[]).includes(value)) {
    throw new InvalidRecipeError(
      `recipe ${field} must be one of ${METHODS.join(', ')}, received: ${JSON.stringify(value)}`,
    );
  }
  return value;
}

function parsePrune(value: unknown): number | '2:4' | undefined {
  if (value === undefined || value === 0) return undefined;
  if (value === '2:4') return value;
  if (typeof value === 'number' && value > 0 && value < 1) return value;
  throw new InvalidRecipeError(
    `recipe prune must be a share from 0 up to, not including, 1, or "2:4", received: ${JSON.stringify(value)}`,
  );
}

function parseGroupSize(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 16 && value <= 1024 && value % 16 === 0)
    return value;
  throw new InvalidRecipeError(
    `recipe groupSize must be a multiple of 16 from 16 to 1024, received: ${JSON.stringify(value)}`,
  );
}

function parseQuantFormat(value: unknown): 'QOperator' | 'QDQ' {
  if (value === 'QOperator' || value === 'QDQ') return value;
  throw new InvalidRecipeError(`recipe quantFormat must be "QOperator" or "QDQ", received: ${JSON.stringify(value)}`);
}

/** @throws InvalidRecipeError when a recipe for models of another format asks for a form of ONNX's. */
export function refuseQuantFormat({ quantFormat }: Recipe, models: string): void {
  if (quantFormat === undefined) return;
  throw new InvalidRecipeError(`quantFormat is for ONNX models, not for ${models}; leave it out`);
}

function parsePatterns(value: unknown): string[] {
  if (!Array.isArray(value) || value.some((entry) => typeof entry !== 'string' || entry.length === 0)) {
    throw new InvalidRecipeError(
      `recipe ignore must be a list of names or re: patterns, received: ${JSON.stringify(value)}`,
    );
  }
  (value as string[]).forEach(checkPattern);
  return value as string[];
}

function parseOverrides(value: unknown): RecipeOverride[] {
  if (!Array.isArray(value)) {
    throw new InvalidRecipeError(
      `recipe overrides must be a list of {match, method}, received: ${JSON.stringify(value)}`,
    );
  }
  return value.map((entry: unknown) => {
    const raw = (entry ?? {}) as Record<string, unknown>;
    if (typeof raw.match !== 'string' || raw.match.length === 0) {
      throw new InvalidRecipeError(`recipe overrides need a match, received: ${JSON.stringify(entry)}`);
    }
    checkPattern(raw.match);
    const method = parseMethod(raw.method, 'overrides.method');
    return {
      match: raw.match,
      method,
      ...(raw.groupSize === undefined ? {} : { groupSize: parseGroupSize(raw.groupSize) }),
    };
  });
}

function checkPattern(pattern: string): void {
  if (!pattern.startsWith('re:')) return;
  try {
    new RegExp(pattern.slice(3));
  } catch {
    throw new InvalidRecipeError(`recipe pattern is not a regular expression: ${pattern}`);
  }
}
