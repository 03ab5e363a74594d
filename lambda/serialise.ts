import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SFNClient } from '@aws-sdk/client-sfn';
import { buildOf } from './registry/package-request';
import { isActive } from './release/executions';
import { findBuild } from './release/find-build';
import { keepTurn } from './release/keep-turn';
import { presentRelease } from './release/present-release';
import { takeTurn } from './release/turn';
import { fields, index, text } from './support/fields';
import { openLedger } from './support/ledgers';

const sageMaker = new SageMakerClient({ maxAttempts: 8 });
const states = new SFNClient({ maxAttempts: 8 });

/**
 * Finds the artifact that the execution's input names and takes the turn to release it. A build's own release, which
 * names both build and artifact, gives way to a newer build that is released already; one by hand does not. A build that
 * releases again what another build had made does so only if that serves still.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const input = fields(event, 'input');
  const endpointName = text(event, 'endpointName');
  const build = await findBuild(input, text(event, 'artifacts'));
  const isBuilds = input.build !== undefined && input.artifact !== undefined;
  const isKept = isBuilds && input.build !== buildOf(build.artifact);
  const ledger = openLedger(event);
  const execution = text(event, 'execution');
  const asked = await takeTurn({
    ledger,
    execution,
    build,
    givesWay: isBuilds && !isKept,
    isActive: (execution) => isActive(states, execution, index(event, 'lingerSeconds')),
    present: () => presentRelease(sageMaker, endpointName, event.inferenceComponent === true),
  });
  const turn = isKept ? await keepTurn({ client: sageMaker, ledger, execution, artifact: build.artifact }) : asked;
  return { ...turn, ...build, ignoreAlarms: input.ignoreAlarms === true };
}
