import { copyAssets } from './compressed-model/copy-assets';
import { artifactAddress, nameBuild, readDeployment } from './compressed-model/deployment';
import { estimateSeconds, LONGEST_SECONDS, TooLongError } from './compressed-model/duration';
import { startCompression } from './compressed-model/executions';
import { InvalidModelError } from './engine/errors';
import { readManifest } from './engine/manifest';
import { text } from './support/fields';
import { openStore } from './support/stores';

interface Answer {
  /** Address of the artifact: another model or recipe is another resource, and the old one goes once nothing needs it. */
  readonly PhysicalResourceId: string;
  readonly Data: { readonly artifact?: string; readonly executionArn?: string; readonly since?: string };
}

/**
 * Custom resource: starts compressing the model when the stack is made or what it is made of changes, unless that very
 * artifact is there already. `compress-on-deploy-complete` waits for the end, and removes what is deleted.
 */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Answer> {
  if (event.RequestType === 'Delete')
    return { PhysicalResourceId: text(event, 'PhysicalResourceId'), Data: { since: new Date().toISOString() } };
  const deployment = readDeployment(event);
  const source = openStore(deployment.source);
  const hasAssets = deployment.files.length > 0;
  const objects = hasAssets ? [] : await source.list();
  if (!hasAssets && objects.length === 0)
    throw new InvalidModelError(source.root, 'holds no files; check the address of the model');
  const build = nameBuild(deployment.specification, objects);
  const artifact = artifactAddress(deployment, build);
  if ((await readManifest(openStore(artifact))) !== undefined)
    return { PhysicalResourceId: artifact, Data: { artifact } };
  if (hasAssets) await copyAssets(deployment.files, source);
  const bytes = (hasAssets ? await source.list() : objects).reduce((sum, { size }) => sum + size, 0);
  const seconds = estimateSeconds(bytes, deployment);
  if (seconds > LONGEST_SECONDS)
    throw new TooLongError(`Compressing would take about ${Math.round(seconds / 60)} minutes`, bytes, deployment);
  const executionArn = await startCompression(deployment, build, text(event, 'RequestId'));
  return { PhysicalResourceId: artifact, Data: { artifact, executionArn } };
}
