import { S3Client } from '@aws-sdk/client-s3';
import { paginateListExecutions, SFNClient } from '@aws-sdk/client-sfn';
import { findSource } from '../new-model/find-source';
import { executionName, isModelBuild } from '../new-model/source-model';

/** Where builds run. */
export interface BuildsPlace {
  readonly states: SFNClient;
  readonly s3: S3Client;
  readonly buildMachineArn: string;
  /** Digest of the recipe, the serving code and the endpoint. */
  readonly inputsDigest: string;
}

/**
 * Name of a build under way of another model than the raw one at an address, or of that one with other inputs. The very
 * build that is asked for is none: whoever asks joins it.
 */
export async function otherBuild(
  { buildMachineArn: stateMachineArn, inputsDigest, s3, states }: BuildsPlace,
  source: string,
): Promise<string | undefined> {
  const own = executionName(await findSource(s3, source), inputsDigest);
  const order = { stateMachineArn, statusFilter: 'RUNNING' } as const;
  for await (const { executions = [] } of paginateListExecutions({ client: states }, order)) {
    const other = executions.find(({ name }) => isModelBuild(name!) && name !== own && !name!.startsWith(`${own}-`));
    if (other !== undefined) return other.name;
  }
  return undefined;
}
