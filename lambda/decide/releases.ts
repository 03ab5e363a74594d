import { ListExecutionsCommand, paginateListExecutions, SFNClient } from '@aws-sdk/client-sfn';

/** Where releases run. */
export interface ReleasesPlace {
  readonly states: SFNClient;
  readonly releaseMachineArn: string;
}

/** So many releases are looked through, the newest first, for that of a version that was approved just now. */
const MOST_RELEASES = 200;

/** Whether a release is under way, or waits for its turn. */
export async function isReleasing({ states, releaseMachineArn: stateMachineArn }: ReleasesPlace): Promise<boolean> {
  const { executions = [] } = await states.send(
    new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1 }),
  );
  return executions.length > 0;
}

/** Whether the approval of a version has started a release: see `release-approved`. */
export async function hasRelease(
  { states, releaseMachineArn: stateMachineArn }: ReleasesPlace,
  version: number,
): Promise<boolean> {
  let seen = 0;
  for await (const { executions = [] } of paginateListExecutions({ client: states }, { stateMachineArn })) {
    if (executions.some(({ name }) => name!.startsWith(`package-${version}-`))) return true;
    if ((seen += executions.length) >= MOST_RELEASES) break;
  }
  return false;
}
