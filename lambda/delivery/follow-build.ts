import {
  DescribeExecutionCommand,
  DescribeExecutionCommandOutput,
  paginateListExecutions,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { failedState } from '../notify/failed-state';
import { readableCause } from '../support/readable-cause';
import { describeApproval } from './approval';
import { Progress } from './progress';

export interface BuildToFollow {
  readonly states: SFNClient;
  readonly sageMaker: SageMakerClient;
  readonly executionArn: string;
  readonly releaseMachineArn: string;
  /** How long a build may wait for its approval, in seconds. */
  readonly approvalTimeout: number;
}

/** What a build ends with, as far as it tells of its release. */
interface BuildOutput {
  readonly prepared: { readonly build: string };
  /** The build of the model that it found or made. */
  readonly started?: { readonly executionArn: string };
  /** Of a build that was to do what changed inputs ask for. */
  readonly decision?: { readonly action: string; readonly reason: string };
  readonly registered?: { readonly modelPackageArn: string; readonly approval: string };
  /** The release that it started; missing where there was one of this build already. */
  readonly release?: { readonly ExecutionArn?: string };
}

/** Tells how far a build is, and then the approval and the release that it leads to. */
export async function followBuild(followed: BuildToFollow): Promise<Progress> {
  const { states, sageMaker, executionArn } = followed;
  const build = await describe(states, executionArn);
  if (build.status === 'RUNNING') return { state: 'Building' };
  if (build.status !== 'SUCCEEDED') return failure(states, 'BuildFailed', 'build', build);
  const { prepared, started: model, decision, registered, release } = JSON.parse(build.output!) as BuildOutput;
  if (model !== undefined) return followBuild({ ...followed, executionArn: model.executionArn });
  if (decision?.action === 'nothing') return { state: 'Unchanged', reason: decision.reason };
  if (registered !== undefined && registered.approval !== 'Approved') {
    const { approvalTimeout } = followed;
    const approval = await describeApproval(sageMaker, registered.modelPackageArn, approvalTimeout, build.stopDate!);
    if (approval.state !== 'Approved') return approval;
    return describeRelease(states, await findRelease(followed, RegExp(`^package-${approval.version}-`), build));
  }
  const started = release?.ExecutionArn;
  const own = RegExp(`^${prepared.build}-[0-9a-f]{8}(-again-\\d+)?$`);
  return describeRelease(states, started ?? (await findRelease(followed, own, build)));
}

/** The newest release of such a name, of those that were started after the build. It may take a moment to appear. */
async function findRelease(
  { states, releaseMachineArn: stateMachineArn }: BuildToFollow,
  name: RegExp,
  { startDate: begun }: DescribeExecutionCommandOutput,
): Promise<string | undefined> {
  // The newest come first.
  for await (const { executions = [] } of paginateListExecutions({ client: states }, { stateMachineArn })) {
    const found = executions.find((release) => name.test(release.name!));
    if (found !== undefined) return found.executionArn;
    if (executions.some(({ startDate }) => startDate! < begun!)) return undefined;
  }
  return undefined;
}

function describe(states: SFNClient, executionArn: string): Promise<DescribeExecutionCommandOutput> {
  return states.send(new DescribeExecutionCommand({ executionArn }));
}

async function describeRelease(states: SFNClient, executionArn: string | undefined): Promise<Progress> {
  if (executionArn === undefined) return { state: 'Releasing' };
  const release = await describe(states, executionArn);
  if (release.status === 'RUNNING') return { state: 'Releasing' };
  if (release.status !== 'SUCCEEDED') return failure(states, 'ReleaseFailed', 'release', release);
  const { turn } = JSON.parse(release.output!) as { turn: { decision: string; artifact: string } };
  if (turn.decision === 'Superseded') {
    const reason = 'A newer build was released already, and serves instead.';
    return { state: 'Failed', error: 'Superseded', reason };
  }
  return { state: 'Released', artifact: turn.artifact };
}

async function failure(
  states: SFNClient,
  error: string,
  what: string,
  { executionArn, status, error: name, cause }: DescribeExecutionCommandOutput,
): Promise<Progress> {
  const state = await failedState(states, executionArn!, name);
  const why = name === undefined ? status! : `${name}: ${readableCause(cause ?? '') || 'no cause was given'}`;
  const where = state === undefined ? '' : ` in ${state}`;
  return { state: 'Failed', error, reason: `The ${what} failed${where} with ${why}` };
}
