import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { dropShadow } from './drop-shadow';
import { Scaling } from './scaling';

export interface LeftShadow {
  readonly client: SageMakerClient;
  readonly endpointName: string;
  /** The config that proved itself last. */
  readonly good: string | undefined;
  readonly scaling?: Scaling;
  /** Ends what is under way in time for nothing to meet another release, which may have the turn by then. */
  readonly abortSignal: AbortSignal;
}

/**
 * Takes away a shadow that a release left which was cut off, where the one after it failed, too, and the endpoint is
 * still on it. Tries once and throws nothing: why a release failed is what its caller has to tell, not this.
 */
export async function dropLeftShadow(left: LeftShadow): Promise<void> {
  const { client, endpointName, good, scaling, abortSignal } = left;
  const send = (command: Parameters<SageMakerClient['send']>[0]): Promise<unknown> =>
    client.send(command, { abortSignal });
  try {
    await dropShadow({ send } as unknown as SageMakerClient, endpointName, good, scaling);
  } catch (error) {
    console.warn(
      `a shadow, if one is left on ${endpointName}, stays until the next release: ${(error as Error).message}`,
    );
  }
}
