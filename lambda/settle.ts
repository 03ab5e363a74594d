import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describeComponent } from './release/components';
import { dropLeftShadow } from './release/drop-left-shadow';
import { describeEndpoint } from './release/endpoints';
import { Proven } from './release/ledger';
import { TurnLostError } from './release/release-errors';
import { tidyReleases } from './release/tidy-releases';
import { endTurn, notePromotion } from './release/turn';
import { fields, index, text } from './support/fields';
import { openLedger } from './support/ledgers';
import { openScaling } from './support/scalings';

const client = new SageMakerClient({ maxAttempts: 8 });

/** Another release may have the turn a minute after an execution was stopped; nothing may change the endpoint then. */
const CHANGE_MS = 30_000;

/**
 * Ends a release. One that proved itself (`released: { endpointConfigName, artifact, begun }`, and `component` where the
 * endpoint has an inference component) is noted as the one to go back to, and older ones are tidied away; one that failed
 * gives its turn back, with no shadow left on the endpoint, and with `shadowsOnly` what it had put into the shadow goes.
 * What serves then scales again.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const abortSignal = AbortSignal.timeout(CHANGE_MS);
  const ledger = openLedger(event);
  const execution = text(event, 'execution');
  const released = fields(event, 'released');
  const endpointName = text(event, 'endpointName');
  const present = await ledger.read();
  const hasTurn = present?.holder === execution;
  const hasFailed = Object.keys(released).length === 0;
  // An execution that has lost its turn leaves scaling to whoever has it.
  if (hasTurn) await scaleWhatServes(event);
  // Only now: an endpoint that is on its way to another config does not get its scaling back.
  if (hasTurn && hasFailed)
    await dropLeftShadow({ client, endpointName, good: present.good, scaling: openScaling(event), abortSignal });
  if (hasTurn && event.shadowsOnly === true)
    await tidyReleases({ client, endpointName, keep: Infinity, always: [present.good] });
  if (!hasFailed) {
    const proven = provenBy(released);
    const build = { artifact: text(released, 'artifact'), begun: text(released, 'begun') };
    const isOwn = await notePromotion(ledger, execution, proven, build);
    const now = await ledger.read();
    // An earlier try got through, but nobody heard of it.
    if (!isOwn && isSame(now, proven)) return {};
    if (!isOwn) throw new TurnLostError(`another release has taken over from ${execution}; look at the endpoint`);
    await tidyReleases({
      client,
      endpointName,
      keep: index(event, 'keepReleases'),
      always: [now?.good],
      ...(proven.component === undefined ? {} : { alwaysModels: await modelsInUse(endpointName, now) }),
    });
  }
  await endTurn(ledger, execution);
  return {};
}

async function scaleWhatServes(event: Readonly<Record<string, unknown>>): Promise<void> {
  const scaling = openScaling(event);
  if (scaling === undefined) return;
  const endpoint = await describeEndpoint(client, text(event, 'endpointName'));
  if (endpoint?.EndpointStatus !== 'InService') return;
  if (event.inferenceComponent === true && !(await isThere(endpoint.EndpointName!))) return;
  await scaling.register();
}

function provenBy(released: Readonly<Record<string, unknown>>): Proven {
  const good = text(released, 'endpointConfigName');
  if (released.component === undefined) return { good };
  return { good, component: fields(released, 'component') };
}

function isSame(now: Proven | undefined, proven: Proven): boolean {
  return now?.good === proven.good && now?.component?.ModelName === proven.component?.ModelName;
}

/** The model that proved itself last, and the one that runs. */
async function modelsInUse(endpointName: string, now: Proven | undefined): Promise<(string | undefined)[]> {
  const component = await describeComponent(client, endpointName);
  return [now?.component?.ModelName, component?.Specification?.ModelName];
}

async function isThere(endpointName: string): Promise<boolean> {
  const status = (await describeComponent(client, endpointName))?.InferenceComponentStatus;
  return status === 'InService' || status === 'Updating';
}
