import { findSource } from '../../lambda/new-model/find-source';
import { executionName } from '../../lambda/new-model/source-model';
import { startedBuild, startedExecution } from '../../executions/follow-execution';
import { startOrJoin } from '../../lambda/support/start-or-join';
import { Terminal } from '../terminal';
import { PipelineCommand, RunInput } from './arguments';
import { Clients } from './clients';
import { readEndpoint } from './endpoint';
import { Pipeline } from './find-pipeline';
import { nameOfNow } from './name-of-now';
import { waitFor } from './wait';

/** Starts a build; with `--wait` follows it and the release that it starts. */
export async function run(
  clients: Clients,
  pipeline: Pipeline,
  command: Extract<PipelineCommand, { name: 'run' }>,
  terminal: Terminal,
): Promise<void> {
  const { states } = clients;
  const { name, input } = await requestOf(clients, pipeline, command);
  const build = await startOrJoin(states, pipeline.buildMachine, name, input);
  if (!command.json) {
    const how = build.started ? 'started' : build.status === 'RUNNING' ? 'runs already' : 'was done before';
    terminal.stdout.write(`Build ${build.name} ${how}: ${build.executionArn}\n`);
  }
  if (command.wait) {
    const asked = await waitFor(states, build.executionArn, 'build', terminal);
    const model = startedBuild(asked);
    const finished = model === undefined ? asked : await waitFor(states, model, 'build', terminal);
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
async function requestOf(
  { s3 }: Clients,
  { inputsDigest }: Pipeline,
  { input }: Extract<PipelineCommand, { name: 'run' }>,
): Promise<{ name: string; input: RunInput }> {
  if (!('source' in input) || input.source === undefined) return { name: nameOfNow('run'), input };
  const model = await findSource(s3, input.source);
  return { name: executionName(model, inputsDigest), input: { source: model.address } };
}
