import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SFNClient } from '@aws-sdk/client-sfn';
import { followBuild } from './delivery/follow-build';
import { Progress } from './delivery/progress';
import { variable } from './support/environment';
import { text } from './support/fields';

const states = new SFNClient({ maxAttempts: 8 });
const sageMaker = new SageMakerClient({ maxAttempts: 8 });

/** Tells a delivery how far a build of it is, until what it built is released or will never be. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Progress> {
  return followBuild({
    states,
    sageMaker,
    executionArn: text(event, 'executionArn'),
    releaseMachineArn: variable('RELEASE_MACHINE_ARN'),
    approvalTimeout: Number(variable('APPROVAL_TIMEOUT_SECONDS')),
  });
}
