/** Commands for deployed pipelines. A bundle of their own: the AWS SDK would make every other command start later. */
import { ModelError } from '../../lambda/engine/errors';
import { Terminal } from '../terminal';
import { PipelineCommand } from './arguments';
import { Clients, makeClients } from './clients';
import { findPipeline } from './find-pipeline';
import { showHistory } from './history';
import { release } from './release';
import { run } from './run';
import { showStatus } from './status';

/** @throws ModelError with what AWS said, where it refused. */
export async function runPipelineCommand(command: PipelineCommand, terminal: Terminal): Promise<void> {
  try {
    await carryOut(makeClients(), command, terminal);
  } catch (error) {
    if (isAnswerOfAws(error)) throw new ModelError(`AWS answered ${error.name}: ${error.message}`);
    throw error;
  }
}

async function carryOut(clients: Clients, command: PipelineCommand, terminal: Terminal): Promise<void> {
  const pipeline = await findPipeline(clients, command);
  if (command.name === 'run') await run(clients, pipeline, command, terminal);
  else if (command.name === 'release') await release(clients, pipeline, command, terminal);
  else if (command.name === 'history') await showHistory(clients, pipeline, command, terminal);
  else await showStatus(clients, pipeline, command, terminal);
}

/** A refusal, or credentials or a region that are missing: faults of the surroundings and not of this program. */
function isAnswerOfAws(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return (
    '$metadata' in error || /^(Credentials|TokenProvider)/.test(error.name) || /region is missing/i.test(error.message)
  );
}
