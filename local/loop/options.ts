import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { listExamples } from '../../examples/list-examples';
import { parseRecipe } from '../../lambda/engine/recipe';

const DEFAULT_EXAMPLE = 'tensorflow-digits';

export const USAGE = `usage: npm run local -- [options]

Trains, compresses, releases and runs a model on this machine, with the code that deploys to AWS.

  --recipe <method>   number format of the compressed model: int8, fp16 … (default: the example's own)
  --prune <share>     share of the weights to set to zero before, 0 up to 1, or 2:4 (default 0)
  --example <name>    what to train and serve (default ${DEFAULT_EXAMPLE}):
${listExamples()
  .map((name) => `                        ${name}`)
  .join('\n')}
  --set <name=value>  another setting of bin/app.ts, such as hyperparameters={"epochs":20}; may be repeated
  --keep              leave the endpoint up until Ctrl-C, and print how to invoke it
  --port <number>     port of the local SageMaker, which serves the endpoint (default: a free one)
  --reset             forget everything earlier runs left: stack, buckets, endpoint
  --state-dir <path>  where that is kept (default .modelpress)
  --help              show this text
`;

export interface LoopOptions {
  /** @default the app's own, from the environment or `cdk.json` */
  readonly recipe?: string;
  /** @default the app's own, from the environment or `cdk.json` */
  readonly prune?: string;
  readonly example: string;
  /** Further settings of the app, by the names in `bin/app.ts`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly keep: boolean;
  readonly port?: number;
  readonly reset: boolean;
  readonly stateDir: string;
}

/** The command line asks for something that does not exist. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * @param args the arguments after the program's name
 * @param root the project's root
 * @returns the options, or `help`
 * @throws UsageError naming the option and what was received
 */
export function parseOptions(args: readonly string[], root: string): LoopOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  checkRecipe(values.recipe, values.prune);
  return {
    recipe: values.recipe,
    prune: values.prune,
    example: values.example ?? DEFAULT_EXAMPLE,
    settings: Object.fromEntries((values.set ?? []).map(parseSetting)),
    keep: values.keep ?? false,
    port: parsePort(values.port),
    reset: values.reset ?? false,
    stateDir: resolve(root, values['state-dir'] ?? '.modelpress'),
  };
}

function checkRecipe(method = 'int8', prune = '0'): void {
  if (prune !== '2:4' && !/^(0|0?\.\d+)$/.test(prune)) {
    throw new UsageError(`--prune must be a share from 0 up to, not including, 1, or 2:4, received: ${prune}`);
  }
  try {
    parseRecipe({ method, prune: prune === '2:4' ? prune : Number(prune) });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function parse(args: readonly string[]): ReturnType<typeof parseRaw> {
  try {
    return parseRaw(args);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function parseRaw(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      recipe: { type: 'string' },
      prune: { type: 'string' },
      example: { type: 'string' },
      set: { type: 'string', multiple: true },
      keep: { type: 'boolean' },
      port: { type: 'string' },
      reset: { type: 'boolean' },
      'state-dir': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}

function parseSetting(value: string): [string, string] {
  const at = value.indexOf('=');
  if (at < 1) throw new UsageError(`--set must be name=value, received: ${value}`);
  return [value.slice(0, at), value.slice(at + 1)];
}

function parsePort(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const port = Number(value);
  if (!/^\d+$/.test(value) || port < 1 || port > 65535) {
    throw new UsageError(`--port must be a number from 1 to 65535, received: ${value}`);
  }
  return port;
}
