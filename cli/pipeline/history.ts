import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { mapConcurrently } from '../../lambda/engine/map-concurrently';
import { readManifest } from '../../lambda/engine/manifest';
import { Recipe } from '../../lambda/engine/recipe';
import { listArtifacts } from '../../lambda/support/artifacts';
import { openStore } from '../../lambda/support/stores';
import { formatBytes, formatTable, Terminal } from '../terminal';
import { PipelineCommand } from './arguments';
import { Clients } from './clients';
import { readEndpoint } from './endpoint';
import { listExecutions } from './executions';
import { Pipeline } from './find-pipeline';
import { formatTime } from './status';

const CONCURRENT_REQUESTS = 8;
/** Releases that are looked through for when a build was released last. */
const NEWEST_RELEASES = 200;

interface Build {
  readonly build: string;
  readonly artifact: string;
  readonly finished: Date;
  readonly recipe: Recipe;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Norm of the error over norm of the weights. */
  readonly relativeError: number;
  /** When it was put in service last; undefined when it never was, or Step Functions has forgotten (90 days). */
  readonly released?: Date;
  readonly inService: boolean;
}

/** Shows the finished builds, the newest first. */
export async function showHistory(
  clients: Clients,
  pipeline: Pipeline,
  command: Extract<PipelineCommand, { name: 'history' }>,
  terminal: Terminal,
): Promise<void> {
  const { bucket, model } = pipeline;
  const [artifacts, released, endpoint] = await Promise.all([
    listArtifacts(clients.s3, bucket, model),
    releaseTimes(clients.states, pipeline),
    readEndpoint(clients.sageMaker, pipeline.endpointName),
  ]);
  const builds = await mapConcurrently(artifacts.slice(0, command.limit), CONCURRENT_REQUESTS, async (found) => {
    const manifest = (await readManifest(openStore(found.address)))!;
    return {
      build: found.build,
      artifact: found.address,
      finished: found.finished,
      recipe: manifest.recipe,
      bytesBefore: manifest.totals.bytesBefore,
      bytesAfter: manifest.totals.bytesAfter,
      relativeError: manifest.totals.relativeError,
      released: released.get(found.address),
      inService: endpoint.artifact === found.address,
    };
  });
  if (command.json) {
    terminal.stdout.write(`${JSON.stringify({ model, builds }, undefined, 1)}\n`);
    return;
  }
  if (builds.length === 0) {
    terminal.stdout.write(`No build of ${model} has finished yet.\n`);
    return;
  }
  const more = artifacts.length - builds.length;
  terminal.stdout.write(`${table(builds)}\n${more > 0 ? `and ${more} older ones; --limit shows more\n` : ''}`);
}

function table(builds: readonly Build[]): string {
  const rows = builds.map((build) => [
    build.build,
    build.recipe.prune === undefined ? build.recipe.method : `${build.recipe.method}, ${build.recipe.prune} pruned`,
    formatBytes(build.bytesBefore),
    formatBytes(build.bytesAfter),
    `${(100 * build.relativeError).toPrecision(3)} %`,
    formatTime(build.finished),
    build.released === undefined ? 'never' : formatTime(build.released),
    build.inService ? 'in service' : '',
  ]);
  return formatTable([['build', 'recipe', 'before', 'after', 'error', 'finished', 'released', ''], ...rows], 2);
}

/** When each artifact was put in service last, by its address. */
async function releaseTimes(client: SFNClient, pipeline: Pipeline): Promise<Map<string, Date>> {
  const { bucket, model, releaseMachine } = pipeline;
  const done = (await listExecutions(client, releaseMachine, NEWEST_RELEASES)).filter(
    ({ status }) => status === 'SUCCEEDED',
  );
  const releases = await mapConcurrently(done, CONCURRENT_REQUESTS, async ({ executionArn, stopDate }) => {
    const { input = '{}' } = await client.send(new DescribeExecutionCommand({ executionArn }));
    const { artifact, build } = JSON.parse(input) as { artifact?: string; build?: string };
    return { address: artifact ?? `s3://${bucket}/compressed/${model}/${build}/`, time: stopDate! };
  });
  // The newest come first, so the last of a name to be set must be the newest.
  return new Map(releases.reverse().map(({ address, time }) => [address.replace(/\/?$/, '/'), time]));
}
