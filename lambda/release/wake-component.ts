import { setTimeout as sleep } from 'node:timers/promises';
import { SageMakerClient, UpdateInferenceComponentRuntimeConfigCommand } from '@aws-sdk/client-sagemaker';
import { describeComponent } from './components';
import { isInProgress } from './release-errors';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Brings a copy of a component that scaling has left none, and waits until it answers. A component with copies stays as
 * it is.
 *
 * @param deadline When to give up waiting, in milliseconds since 1970. An instance takes minutes to start.
 * @returns whether there is a copy
 */
export async function wakeComponent(client: SageMakerClient, endpointName: string, deadline: number): Promise<boolean> {
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    const component = await describeComponent(client, endpointName);
    const { CurrentCopyCount = 0, DesiredCopyCount = 0 } = component?.RuntimeConfig ?? {};
    if (component?.InferenceComponentStatus === 'InService') {
      if (CurrentCopyCount > 0) return true;
      if (DesiredCopyCount === 0) await askForCopy(client, endpointName);
    }
    if (Date.now() + pause > deadline) return false;
    await sleep(pause);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
}

async function askForCopy(client: SageMakerClient, endpointName: string): Promise<void> {
  try {
    await client.send(
      new UpdateInferenceComponentRuntimeConfigCommand({
        InferenceComponentName: endpointName,
        DesiredRuntimeConfig: { CopyCount: 1 },
      }),
    );
  } catch (error) {
    // Scaling may have been faster.
    if (!isInProgress(error)) throw error;
  }
}
