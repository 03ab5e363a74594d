import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { parseRecipe, Recipe } from '../lambda/engine/recipe';
import { isPipelineCommand, PIPELINE_OPTIONS, PipelineCommand, readPipelineCommand } from './pipeline/arguments';
import { formatCount } from './terminal';
import { UsageError } from './usage';

/** What the command line asks for. */
export type Command =
  | { readonly name: 'help' }
  | {
      readonly name: 'compress';
      readonly source: string;
      readonly destination: string;
      readonly recipe: Recipe;
      readonly jobs: number;
      readonly json: boolean;
    }
  | { readonly name: 'inspect'; readonly source: string; readonly recipe: Recipe | undefined; readonly json: boolean }
  | PipelineCommand;

const OPTIONS = {
  recipe: { type: 'string' },
  mode: { type: 'string' },
  prune: { type: 'string' },
  'group-size': { type: 'string' },
  'quant-format': { type: 'string' },
  ignore: { type: 'string', multiple: true },
  override: { type: 'string', multiple: true },
  jobs: { type: 'string' },
  ...PIPELINE_OPTIONS,
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parse>['values'];

/** @throws UsageError, InvalidRecipeError */
export function readArguments(argv: readonly string[]): Command {
  const { values, positionals } = parse(argv);
  const [name, ...places] = positionals;
  if (values.help || name === 'help') return { name: 'help' };
  if (isPipelineCommand(name)) return readPipelineCommand(name, places, values);
  for (const option of Object.keys(PIPELINE_OPTIONS)) {
    if (option in values) throw new UsageError(`--${option} is for run, status, release and history`);
  }
  const recipe = readRecipe(values);
  const json = values.json === true;
  if (name === 'inspect') {
    if (places.length !== 1) throw new UsageError(`inspect takes one source, received ${places.length}`);
    if (values.jobs !== undefined) throw new UsageError('inspect takes no --jobs');
    return { name, source: places[0], recipe, json };
  }
  if (name === 'compress') {
    if (places.length !== 2)
      throw new UsageError(
        `compress takes a source and a destination, received ${formatCount(places.length, 'place')}`,
      );
    if (recipe === undefined) throw new UsageError('compress needs --recipe <method>, or --prune alone');
    return { name, source: places[0], destination: places[1], recipe, jobs: readJobs(values.jobs), json };
  }
  throw new UsageError(
    name === undefined
      ? 'a command is missing: compress, inspect, run, status, release or history'
      : `unknown command: ${name}`,
  );
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readRecipe(values: Values): Recipe | undefined {
  const { recipe, mode, prune, ignore, override } = values;
  if (recipe === undefined && prune === undefined && override === undefined) {
    for (const option of ['mode', 'group-size', 'quant-format', 'ignore'] as const) {
      if (values[option] !== undefined) throw new UsageError(`--${option} needs --recipe <method>`);
    }
    return undefined;
  }
  return parseRecipe({
    method: recipe ?? 'none',
    ...(mode === undefined ? {} : { mode }),
    ...(prune === undefined ? {} : { prune: prune === '2:4' ? prune : Number(prune) }),
    ...(values['group-size'] === undefined ? {} : { groupSize: Number(values['group-size']) }),
    ...(values['quant-format'] === undefined ? {} : { quantFormat: values['quant-format'] }),
    ...(ignore === undefined ? {} : { ignore }),
    ...(override === undefined ? {} : { overrides: override.map(readOverride) }),
  });
}

function readOverride(text: string): { match: string; method: string } {
  const cut = text.lastIndexOf('=');
  if (cut < 1) throw new UsageError(`--override must be <pattern>=<method>, received: ${text}`);
  return { match: text.slice(0, cut), method: text.slice(cut + 1) };
}

function readJobs(text: string | undefined): number {
  if (text === undefined) return availableParallelism();
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 256)
    throw new UsageError(`--jobs must be a whole number from 1 to 256, received: ${text}`);
  return jobs;
}
