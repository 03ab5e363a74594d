import { formatTable, Terminal } from '../terminal';
import { PipelineCommand } from './arguments';
import { Clients } from './clients';
import { ComponentState, EndpointState, readEndpoint } from './endpoint';
import { describeExecution, ExecutionState, listExecutions } from './executions';
import { Pipeline } from './find-pipeline';

/** Executions of each machine that are looked at: those that run are among the newest. */
const NEWEST = 20;

/** Where an execution of the build machine ends that has started the build of a model. */
const HANDED_ON = 'BuildStarted';

interface MachineExecution extends ExecutionState {
  readonly machine: 'build' | 'release';
}

/** Shows what runs, where it is, what ended last, and what serves. */
export async function showStatus(
  clients: Clients,
  pipeline: Pipeline,
  command: PipelineCommand,
  terminal: Terminal,
): Promise<void> {
  const [builds, releases, endpoint] = await Promise.all([
    relevant(clients, 'build', pipeline.buildMachine),
    relevant(clients, 'release', pipeline.releaseMachine),
    readEndpoint(clients.sageMaker, pipeline.endpointName),
  ]);
  const executions = [...builds, ...releases];
  if (command.json) {
    terminal.stdout.write(`${JSON.stringify({ model: pipeline.model, endpoint, executions }, undefined, 1)}\n`);
    return;
  }
  const lines = [`Model ${pipeline.model}, endpoint ${describeEndpointState(endpoint)}`, ''];
  if (executions.length === 0) lines.push('Nothing was built yet.');
  else lines.push(executionTable(executions));
  for (const { machine, name, error, cause } of executions) {
    if (error !== undefined) lines.push('', `${machine} ${name}: ${error}: ${cause ?? 'no cause was given'}`);
  }
  terminal.stdout.write(`${lines.join('\n')}\n`);
}

/** All that run, and the one that ended last. One that only started a build stands for nothing: that build does. */
async function relevant(
  { states }: Clients,
  machine: MachineExecution['machine'],
  arn: string,
): Promise<MachineExecution[]> {
  const newest = await listExecutions(states, arn, NEWEST);
  const describe = async (executionArn: string): Promise<MachineExecution> => ({
    machine,
    ...(await describeExecution(states, executionArn)),
  });
  const running = newest.filter(({ status }) => status === 'RUNNING');
  const shown = await Promise.all(running.map(({ executionArn }) => describe(executionArn!)));
  for (const { executionArn, status } of newest) {
    if (status === 'RUNNING') continue;
    const ended = await describe(executionArn!);
    if (ended.state !== HANDED_ON) return [...shown, ended].sort((a, b) => b.started.getTime() - a.started.getTime());
  }
  return shown;
}

function describeEndpointState({ name, status, config, artifact, component, reason }: EndpointState): string {
  if (status === 'Missing') return `${name}: none yet; the first release makes it`;
  return [
    `${name}: ${status}${reason === undefined ? '' : ` (${reason})`}`,
    `config    ${config}`,
    ...(component === undefined ? [] : [`copies    ${describeCopies(component)}`]),
    `artifact  ${artifact ?? 'unknown'}`,
  ].join('\n  ');
}

function describeCopies({ copies, desiredCopies, status, reason }: ComponentState): string {
  return `${copies} of ${desiredCopies}, ${status}${reason === undefined ? '' : ` (${reason})`}`;
}

function executionTable(executions: readonly MachineExecution[]): string {
  const rows = executions.map(({ machine, name, status, state, started, stopped }) => [
    machine,
    name,
    status,
    state ?? '',
    formatTime(started),
    stopped === undefined ? '' : formatTime(stopped),
  ]);
  return formatTable([['machine', 'execution', 'status', 'state', 'started', 'ended'], ...rows], 6);
}

/** `2026-11-25 17:19:35`, in UTC. */
export function formatTime(time: Date): string {
  return time.toISOString().replace('T', ' ').slice(0, 19);
}
