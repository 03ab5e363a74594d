import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { setTimeout as sleep } from 'node:timers/promises';
import { findString } from './find-value';
import { FinishedExecution } from '../../executions/follow-execution';

const POLL = 500;

/** The model package that a build waits for a person to approve; undefined where it does not wait. */
export function awaitedPackage(build: FinishedExecution): string | undefined {
  return findString(build.output, 'approval') === 'PendingManualApproval'
    ? findString(build.output, 'modelPackageArn')
    : undefined;
}

/** How a person approves a package of the local SageMaker. */
export function approvalHelp(modelPackageArn: string, sageMakerUrl: string): string {
  return [
    'The build waits for approval. In another terminal:',
    `  AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 aws sagemaker update-model-package \\`,
    `    --endpoint-url ${sageMakerUrl} --model-approval-status Approved \\`,
    `    --model-package-arn ${modelPackageArn}`,
  ].join('\n');
}

/** Waits for the release that an approval of this package starts; answers its execution's ARN. */
export async function approvedRelease(
  states: SFNClient,
  stateMachineArn: string,
  modelPackageArn: string,
  signal: AbortSignal,
): Promise<string> {
  const version = modelPackageArn.split('/').pop();
  for (;;) {
    signal.throwIfAborted();
    const { executions = [] } = await states.send(new ListExecutionsCommand({ stateMachineArn }));
    const found = executions.find(({ name }) => name?.startsWith(`package-${version}-`));
    if (found?.executionArn !== undefined) return found.executionArn;
    await sleep(POLL);
  }
}
