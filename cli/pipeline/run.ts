import { ModelError } from '../../lambda/engine/errors';
import { executionName, modelAt } from '../../lambda/new-model/source-model';
import { listUploads } from '../../lambda/new-model/uploaded-file';
import { parseS3Address } from '../../lambda/engine/io/location';
import { startedExecution } from '../../executions/follow-execution';
import { Terminal } from '../terminal';
import { PipelineCommand } from './arguments';
import { Clients } from './clients';
import { readEndpoint } from './endpoint';
import { Pipeline } from './find-pipeline';
import { nameOfNow, startOrJoin } from './start';
import { waitFor } from './wait';

/** Starts a build; with `--wait` follows it and the release that it starts. */
export async function run(
  clients: Clients,
  pipeline: Pipeline,
  command: Extract<PipelineCommand, { name: 'run' }>,
  terminal: Terminal,
): Promise<void> {
  const { states } = clients;
  const name = await nameOf(clients, pipeline, command);
  const build = await startOrJoin(states, pipeline.buildMachine, name, command.input);
  if (!command.json) {
    const how = build.started ? 'started' : build.status === 'RUNNING' ? 'runs already' : 'was done before';
    terminal.stdout.write(`Build ${build.name} ${how}: ${build.executionArn}\n`);
  }
  if (command.wait) {
    const finished = await waitFor(states, build.executionArn, 'build', terminal);
    const release = startedExecution(finished);
    if (release !== undefined) await waitFor(states, release, 'release', terminal);
    else terminal.stderr.write('The build started no release.\n');
  }
  const endpoint = command.wait ? await readEndpoint(clients.sageMaker, pipeline.endpointName) : undefined;
  if (command.json) {
    terminal.stdout.write(`${JSON.stringify({ build: build.name, ...build, endpoint }, undefined, 1)}\n`);
  } else if (endpoint !== undefined) {
    terminal.stdout.write(`Endpoint ${endpoint.name}: ${endpoint.status}, serves ${endpoint.artifact ?? 'nothing'}\n`);
  }
}

/** A source is built once; a training, or a look at what changed, is asked for anew each time. */
async function nameOf(
  { s3 }: Clients,
  { inputsDigest }: Pipeline,
  { input }: Extract<PipelineCommand, { name: 'run' }>,
): Promise<string> {
  if (!('source' in input) || input.source === undefined) return nameOfNow('run');
  const { bucket, prefix } = parseS3Address(input.source);
  const model = modelAt(bucket, prefix, await listUploads(s3, bucket, prefix));
  if (model.files.length === 0)
    throw new ModelError(`${input.source} holds no files; give the folder of a trained model`);
  return executionName(model, inputsDigest);
}
