import { Duration } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { ExamplePipeline } from '../examples/example-pipeline';
import { CompressionMode, CompressionRecipe, MlInstanceType, Pruning, ReleaseApproval } from '../lib';
import { listExamples } from '../examples/list-examples';
import { loadPipelines } from './load-pipelines';

/** How the default stack is to be, read from the CDK's context and the environment. */
export interface AppSettings {
  readonly stackName: string;
  readonly example: string;
  readonly pipeline: ExamplePipeline;
  readonly modelName: string;
  readonly recipe: CompressionRecipe;
  readonly trainingInstanceType: MlInstanceType;
  readonly endpointInstanceType: MlInstanceType;
  /** How much less accurate the compressed model may be, 0 to 1. */
  readonly maxAccuracyDrop: number;
  readonly approval: ReleaseApproval;
  readonly endpointName?: string;
  readonly hyperparameters: Record<string, unknown>;
  readonly spot: boolean;
  /** Whether the bucket goes with the stack. */
  readonly removeModels: boolean;
  readonly runOnDeploy: boolean;
  /** When to train anew. */
  readonly schedule?: ScheduleExpression;
  readonly statusInterval: Duration;
}

/** Every setting with its default, empty where that depends on the example; the environment's name for `runOnDeploy` is `MODELPRESS_RUN_ON_DEPLOY`. */
const DEFAULTS = {
  stackName: '',
  example: 'tensorflow-digits',
  modelFormat: '',
  modelName: '',
  recipe: '',
  prune: '',
  mode: 'best',
  trainingInstanceType: '',
  endpointInstanceType: '',
  maxAccuracyDrop: '0.02',
  approval: 'automatic',
  endpointName: '',
  hyperparameters: '{}',
  spot: 'false',
  removeModels: 'false',
  runOnDeploy: 'true',
  schedule: '',
  statusInterval: '15',
} as const;

type Key = keyof typeof DEFAULTS;

/**
 * Reads the settings. The environment counts before the context, the context before the defaults.
 *
 * @throws Error naming the setting, what was received and what is allowed.
 */
export function readSettings(
  context: (key: string) => unknown,
  environment: Readonly<Record<string, string | undefined>>,
): AppSettings {
  const get = (key: Key): string => {
    const given = environment[environmentName(key)] ?? context(`modelpress:${key}`);
    if (given === undefined || given === null || given === '') return DEFAULTS[key];
    return typeof given === 'object' ? JSON.stringify(given) : `${given as string | number | boolean}`;
  };
  const example = get('example');
  const pipeline = choosePipeline(example, get('modelFormat'));
  return {
    stackName: text(
      'stackName',
      get('stackName') || (example === DEFAULTS.example ? 'modelpress' : `modelpress-${example}`),
      /^[A-Za-z][A-Za-z0-9-]{0,127}$/,
      'letters, digits and hyphens, a letter first',
    ),
    example,
    pipeline,
    modelName: get('modelName') || pipeline.modelName,
    recipe: recipe(get('recipe') || pipeline.recipe, get('prune'), get('mode')),
    trainingInstanceType: instance('trainingInstanceType', get('trainingInstanceType'), pipeline.trainingInstanceType),
    endpointInstanceType: instance('endpointInstanceType', get('endpointInstanceType'), pipeline.endpointInstanceType),
    maxAccuracyDrop: share('maxAccuracyDrop', get('maxAccuracyDrop')),
    approval: approval(get('approval')),
    endpointName: get('endpointName') || undefined,
    hyperparameters: { ...pipeline.hyperparameters, ...json('hyperparameters', get('hyperparameters')) },
    spot: flag('spot', get('spot')),
    removeModels: flag('removeModels', get('removeModels')),
    runOnDeploy: flag('runOnDeploy', get('runOnDeploy')),
    schedule: schedule(get('schedule')),
    statusInterval: seconds('statusInterval', get('statusInterval')),
  };
}

/** `runOnDeploy` is `MODELPRESS_RUN_ON_DEPLOY`. */
export function environmentName(key: string): string {
  return `MODELPRESS_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Names of all settings, for the documentation's test. */
export function settingNames(): string[] {
  return Object.keys(DEFAULTS);
}

function wrong(key: Key, allowed: string, received: string): Error {
  return new Error(
    `The setting modelpress:${key} (or ${environmentName(key)}) must be ${allowed}, received: ${received}`,
  );
}

function text(key: Key, value: string, pattern: RegExp, allowed: string): string {
  if (!pattern.test(value)) throw wrong(key, allowed, value);
  return value;
}

function approval(value: string): ReleaseApproval {
  if (value !== 'automatic' && value !== 'manual') throw wrong('approval', 'automatic or manual', value);
  return value === 'manual' ? ReleaseApproval.MANUAL : ReleaseApproval.AUTOMATIC;
}

function share(key: Key, value: string): number {
  const number = Number(value);
  if (!(number >= 0 && number <= 1)) throw wrong(key, 'a share from 0 to 1', value);
  return number;
}

function flag(key: Key, value: string): boolean {
  if (value !== 'true' && value !== 'false') throw wrong(key, 'true or false', value);
  return value === 'true';
}

function schedule(value: string): ScheduleExpression | undefined {
  if (value === '') return undefined;
  if (!/^(rate|cron)\([^()]+\)$/.test(value))
    throw wrong('schedule', 'a schedule such as rate(7 days) or cron(0 3 ? * MON *)', value);
  return ScheduleExpression.expression(value);
}

function seconds(key: Key, value: string): Duration {
  if (!/^\d{1,3}$/.test(value) || Number(value) < 1 || Number(value) > 300)
    throw wrong(key, 'seconds from 1 to 300', value);
  return Duration.seconds(Number(value));
}

function json(key: Key, value: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw wrong(key, 'a JSON object such as {"epochs":20}', value);
  }
  return parsed as Record<string, unknown>;
}

function choosePipeline(example: string, format: string): ExamplePipeline {
  const known = listExamples();
  if (!known.includes(example)) throw wrong('example', `one of ${known.join(', ')}`, example);
  const pipelines = loadPipelines(example);
  const pipeline = format === '' ? pipelines[0] : pipelines.find(({ modelFormat }) => `${modelFormat}` === format);
  if (pipeline === undefined) {
    const formats = pipelines.map(({ modelFormat }) => modelFormat).join(' or ');
    throw wrong('modelFormat', `${formats}, which is what ${example} can be exported as`, format);
  }
  return pipeline;
}

function instance(key: Key, value: string, fallback: MlInstanceType): MlInstanceType {
  if (value === '') return fallback;
  try {
    return MlInstanceType.of(value);
  } catch {
    throw wrong(key, 'an instance type such as ml.g5.xlarge', value);
  }
}

function recipe(method: string, prune: string, mode: string): CompressionRecipe {
  if (mode !== 'best' && mode !== 'exact') throw wrong('mode', 'best or exact', mode);
  let result: CompressionRecipe;
  try {
    result = CompressionRecipe.of(method);
  } catch (error) {
    throw wrong('recipe', `a method (${(error as Error).message})`, method);
  }
  result = result.withMode(mode === 'exact' ? CompressionMode.EXACT : CompressionMode.BEST);
  if (prune === '' || prune === '0') return result;
  if (prune === '2:4') return result.withPruning(Pruning.twoOfFour());
  const share = Number(prune);
  if (!(share > 0 && share < 1)) throw wrong('prune', 'a share from 0 up to, not including, 1, or 2:4', prune);
  return result.withPruning(Pruning.magnitude(share));
}
