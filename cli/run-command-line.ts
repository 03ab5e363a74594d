import { InvalidRecipeError, ModelError } from '../lambda/engine/errors';
import { readArguments } from './arguments';
import { compress } from './compress';
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
    else await compress(command, terminal);
    return 0;
  } catch (error) {
    const usage = error instanceof UsageError || error instanceof InvalidRecipeError;
    const known = usage || error instanceof ModelError || error instanceof Interrupted;
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
