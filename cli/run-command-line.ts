import { InvalidRecipeError } from '../lambda/engine/errors';
import { readArguments } from './arguments';
import { compress } from './compress';
import { KNOWN_FAULTS } from './faults';
import { inspect } from './inspect';
import { Interrupted } from './interrupt';
import { Terminal } from './terminal';
import { USAGE, UsageError } from './usage';

/** Runs a command and answers with the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function runCommandLine(argv: readonly string[], terminal: Terminal): Promise<number> {
  const json = argv.includes('--json');
  try {
    const command = readArguments(argv);
    if (command.name === 'help') terminal.stdout.write(`${USAGE}\n`);
    else if (command.name === 'inspect') await inspect(command, terminal);
    else if (command.name === 'compress') await compress(command, terminal);
    else await loadPipelineCommands().runPipelineCommand(command, terminal);
    return 0;
  } catch (error) {
    const usage = error instanceof UsageError || error instanceof InvalidRecipeError;
    const known =
      usage || error instanceof Interrupted || (error instanceof Error && KNOWN_FAULTS.includes(error.name));
    const message = known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    terminal.stderr.write(`modelpress: ${message}\n`);
    if (error instanceof UsageError) terminal.stderr.write('Run modelpress --help to see how it is used.\n');
    if (json)
      terminal.stdout.write(
        `${JSON.stringify({ error: { name: (error as Error).name, message: (error as Error).message } })}\n`,
      );
    return usage ? 2 : 1;
  }
}

function loadPipelineCommands(): typeof import('./pipeline/commands') {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('./pipeline/commands') as typeof import('./pipeline/commands');
}
