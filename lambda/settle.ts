import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeEndpoint } from './release/endpoints';
import { TurnLostError } from './release/release-errors';
import { tidyReleases } from './release/tidy-releases';
import { endTurn, notePromotion } from './release/turn';
import { fields, index, text } from './support/fields';
import { openLedger } from './support/ledgers';
import { openScaling } from './support/scalings';

const client = new SageMakerClient({ maxAttempts: 8 });

/**
 * Ends a release. One that proved itself (`released: { endpointConfigName, artifact, begun }`) is noted as the one to go
 * back to, and older ones are tidied away; one that failed gives its turn back, and with `shadowsOnly` what it had put into
 * the shadow goes. What serves then scales again.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const ledger = openLedger(event);
  const execution = text(event, 'execution');
  const released = fields(event, 'released');
  const endpointName = text(event, 'endpointName');
  const present = await ledger.read();
  const hasTurn = present?.holder === execution;
  // An execution that has lost its turn leaves scaling to whoever has it.
  if (hasTurn) await scaleWhatServes(event);
  if (hasTurn && event.shadowsOnly === true)
    await tidyReleases({ client, endpointName, keep: Infinity, always: [present.good] });
  if (Object.keys(released).length > 0) {
    const config = text(released, 'endpointConfigName');
    const build = { artifact: text(released, 'artifact'), begun: text(released, 'begun') };
    const isOwn = await notePromotion(ledger, execution, config, build);
    const good = (await ledger.read())?.good;
    // An earlier try got through, but nobody heard of it.
    if (!isOwn && good === config) return {};
    if (!isOwn) throw new TurnLostError(`another release has taken over from ${execution}; look at the endpoint`);
    await tidyReleases({
      client,
      endpointName,
      keep: index(event, 'keepReleases'),
      always: [good],
    });
  }
  await endTurn(ledger, execution);
  return {};
}

async function scaleWhatServes(event: Readonly<Record<string, unknown>>): Promise<void> {
  const scaling = openScaling(event);
  if (scaling === undefined) return;
  const endpoint = await describeEndpoint(client, text(event, 'endpointName'));
  if (endpoint?.EndpointStatus === 'InService') await scaling.register();
}
