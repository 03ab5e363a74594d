import { ModelError } from '../../lambda/engine/errors';
import { isS3Address, parseS3Address } from '../../lambda/engine/io/location';
import { MANIFEST_KEY } from '../../lambda/engine/manifest';
import { listArtifacts } from '../../lambda/support/artifacts';
import { openStore } from '../../lambda/support/stores';
import { startOrJoin } from '../../lambda/support/start-or-join';
import { Terminal } from '../terminal';
import { PipelineCommand } from './arguments';
import { Clients } from './clients';
import { buildOf, readEndpoint } from './endpoint';
import { Pipeline } from './find-pipeline';
import { nameOfNow } from './name-of-now';
import { waitFor } from './wait';

/** Releases a finished artifact; an older one is the way back. */
export async function release(
  clients: Clients,
  pipeline: Pipeline,
  command: Extract<PipelineCommand, { name: 'release' }>,
  terminal: Terminal,
): Promise<void> {
  const artifact = await findArtifact(clients, pipeline, command.what);
  const name = nameOfNow(buildOf(artifact).slice(0, 50));
  const started = await startOrJoin(clients.states, pipeline.releaseMachine, name, { artifact });
  if (!command.json) terminal.stdout.write(`Release of ${artifact} started: ${started.executionArn}\n`);
  if (command.wait) await waitFor(clients.states, started.executionArn, 'release', terminal);
  const endpoint = command.wait ? await readEndpoint(clients.sageMaker, pipeline.endpointName) : undefined;
  if (command.json) {
    terminal.stdout.write(`${JSON.stringify({ artifact, ...started, endpoint }, undefined, 1)}\n`);
  } else if (endpoint !== undefined) {
    terminal.stdout.write(`Endpoint ${endpoint.name}: ${endpoint.status}, serves ${endpoint.artifact ?? 'nothing'}\n`);
  }
}

async function findArtifact({ s3 }: Clients, { bucket, model }: Pipeline, what: string): Promise<string> {
  const place = isS3Address(what) ? parseS3Address(what) : { bucket, prefix: `compressed/${model}/${what}/` };
  const address = `s3://${place.bucket}/${place.prefix}`;
  const [manifest] = await openStore(address).list(MANIFEST_KEY);
  if (manifest !== undefined) return address;
  const known = (await listArtifacts(s3, bucket, model)).slice(0, 5).map(({ build }) => build);
  throw new ModelError(
    `${address} holds no manifest.json, so it is no finished artifact; the newest builds are: ${known.join(', ') || 'none'}`,
  );
}
