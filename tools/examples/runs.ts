/** A model to train, and what to do to it. */
export interface Run {
  readonly example: string;
  readonly title: string;
  readonly trainingArguments?: readonly string[];
  readonly recipes: readonly Recipe[];
  /** Trained once for each; the table has medians. */
  readonly seeds: readonly number[];
}

export interface Recipe {
  readonly arguments: readonly string[];
  /** Points of accuracy that the recipe may cost, where there is such a limit. */
  readonly limit?: number;
  /** The title of the run whose raw accuracy counts as before. @default the run's own */
  readonly against?: string;
}

/** Points that a recipe of eight bits or more, one of four, and pruning with retraining may cost. */
export const LIMITS = { eightBits: 0.5, fourBits: 2, retrained: 1 } as const;

const eightBits = (method: string): Recipe => ({ arguments: [method], limit: LIMITS.eightBits });
const fourBits = (...args: string[]): Recipe => ({ arguments: args, limit: LIMITS.fourBits });
const pruned = (method: string): Recipe[] => ['0.5', '2:4'].map((share) => ({ arguments: [method, '--prune', share] }));

const TFLITE = [eightBits('int8'), fourBits('int4'), eightBits('fp16'), ...pruned('int8')];
const ONNX = [
  eightBits('int8'),
  eightBits('int8-dynamic'),
  ...['int4', 'w4a16', 'w4a16-asym'].map((method) => fourBits(method, '--group-size', '32')),
  fourBits('w4a16-asym', '--quant-format', 'QDQ', '--group-size', '32'),
  eightBits('fp16'),
  ...pruned('int8'),
];
/** compressed-tensors 0.20 cannot unpack zero points of eight rows or fewer, as `unpacked` has them. */
const safetensors = (unpacked: readonly string[]): Recipe[] => [
  ...['w8a8', 'w8a16', 'fp8', 'fp16', 'bf16'].map(eightBits),
  fourBits('w4a16', '--group-size', '32'),
  fourBits('w4a16-asym', '--group-size', '32', ...unpacked.flatMap((name) => ['--ignore', name])),
  ...['nvfp4a16', 'mxfp4a16'].map((method) => fourBits(method)),
];

const SEEDS = [7, 8, 9];
const FLOAT = 'float';

function floatAndRetrained(example: string, recipes: readonly Recipe[]): Run[] {
  return [
    { example, title: FLOAT, recipes, seeds: SEEDS },
    {
      example,
      title: '50 % pruned in training',
      trainingArguments: ['--final-sparsity', '0.5'],
      recipes: [{ arguments: ['int8'], limit: LIMITS.retrained, against: FLOAT }],
      seeds: SEEDS,
    },
  ];
}

/** Everything that the table has, in its order. */
export const RUNS: readonly Run[] = [
  ...['tensorflow-digits', 'tensorflow-cnn', 'recommender'].flatMap((name) => floatAndRetrained(name, TFLITE)),
  ...['pytorch-cnn', 'pytorch-text'].flatMap((name) => floatAndRetrained(name, ONNX)),
  ...Object.entries({ 'pytorch-cnn': ['16'], 'pytorch-text': ['classifier'] }).map(([example, unpacked]) => ({
    example,
    title: 'float, safetensors',
    trainingArguments: ['--export', 'safetensors'],
    recipes: safetensors(unpacked),
    seeds: SEEDS.slice(0, 1),
  })),
];
