import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { refusePackage } from '../registry/refuse-package';
import { text } from '../support/fields';
import { GateFailedError } from './gate-errors';

/**
 * Ends a gate that the model does not pass. An artifact that is registered and waits for approval is refused first, so
 * that nobody approves by the numbers of earlier limits what does not keep these.
 *
 * @param event names, in `group`, the model package group of a pipeline whose builds a person approves, and the artifact.
 * @throws GateFailedError
 */
export async function failGate(
  client: SageMakerClient,
  event: Readonly<Record<string, unknown>>,
  title: string,
  breaches: readonly string[],
): Promise<never> {
  const failure = new GateFailedError(title, breaches);
  if (event.group !== undefined)
    await refusePackage(client, text(event, 'group'), text(event, 'artifact'), failure.message);
  throw failure;
}
