import { toldBuild } from '../left-behind/ended-build';
import { MANIFEST_KEY } from '../engine/manifest';
import { mapConcurrently } from '../engine/map-concurrently';
import { variable } from '../support/environment';
import { stopExecutions } from '../support/stop-executions';
import { openStore } from '../support/stores';
import { artifactAddress, Deployment, executionPrefix } from './deployment';
import { states } from './executions';
import { removeLeftBehind } from './remove-left-behind';

/**
 * Stops what still runs, has removed what it left behind, and removes the artifact where it is not to stay. Nothing else
 * of the stack comes by for that any more, so it waits until no function can go on that makes something; where none was
 * cut off, it waits for nothing.
 *
 * @param build The one that goes. Undefined where CloudFormation was never told of any, because it cut the creation off:
 *   then whatever the machine has made.
 * @param since When the deletion began.
 * @returns whether nothing is left to do
 */
export async function removeBuilds(deployment: Deployment, build: string | undefined, since: Date): Promise<boolean> {
  const { isQuiet, executions } = await stopExecutions(states, deployment.stateMachineArn, {
    lingerSeconds: seconds('LINGER_SECONDS'),
    prefix: build === undefined ? '' : executionPrefix(build),
  });
  if (!isQuiet) return false;
  const own = new Set(build === undefined ? [] : [build]);
  for (const { executionArn, name } of build === undefined ? executions : []) {
    const told = await toldBuild(states, executionArn!);
    if (name!.startsWith(`${executionPrefix(told)}-`)) own.add(told);
  }
  // The function that was to start one may be about to.
  if (own.size === 0 && Date.now() - since.getTime() < seconds('START_SECONDS') * 1000) return false;
  for (const { executionArn, status } of executions)
    if (status !== 'SUCCEEDED') await removeLeftBehind(deployment, executionArn!);
  if (deployment.removeArtifact) for (const made of own) await removeArtifact(artifactAddress(deployment, made));
  return true;
}

async function removeArtifact(address: string): Promise<void> {
  const artifact = openStore(address);
  // The manifest first: without it, what is left is no artifact.
  await artifact.delete(MANIFEST_KEY);
  await mapConcurrently(await artifact.list(), 16, ({ key }) => artifact.delete(key));
}

function seconds(name: string): number {
  return Number(variable(name));
}
