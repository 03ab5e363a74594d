import { CloudFormationClient, paginateListStackResources, StackResourceSummary } from '@aws-sdk/client-cloudformation';
import { ListTagsForResourceCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ModelError } from '../../lambda/engine/errors';
import { mapConcurrently } from '../../lambda/engine/map-concurrently';
import { BUCKET_TAG, ENDPOINT_TAG, INPUTS_TAG, MACHINE_TAG, MODEL_TAG } from '../../lib/private/tags';
import { PipelineChoice } from './arguments';
import { Clients } from './clients';

/** A deployed `ModelPipeline`. */
export interface Pipeline {
  readonly model: string;
  readonly endpointName: string;
  readonly bucket: string;
  readonly inputsDigest: string;
  readonly buildMachine: string;
  readonly releaseMachine: string;
}

const CONCURRENT_REQUESTS = 8;

/**
 * Finds the pipeline of a stack by its machines' tags, so that the stack needs no outputs.
 *
 * @throws ModelError when there is none, or more than one to choose from.
 */
export async function findPipeline(clients: Clients, choice: PipelineChoice): Promise<Pipeline> {
  const { stack, model } = choice;
  const machines = await machinesOf(clients.formation, stack);
  const tagged = await mapConcurrently(machines, CONCURRENT_REQUESTS, async (arn) => ({
    arn,
    tags: await tagsOf(clients.states, arn),
  }));
  const builds = tagged.filter(({ tags }) => tags[MACHINE_TAG] === 'build');
  const found = builds.filter(
    ({ tags }) => model === undefined || [tags[MODEL_TAG], tags[ENDPOINT_TAG]].includes(model),
  );
  if (found.length !== 1)
    throw new ModelError(
      explain(
        choice,
        builds.map(({ tags }) => tags),
        found.length,
      ),
    );
  const [{ arn, tags }] = found;
  const release = tagged.find(
    (other) => other.tags[MACHINE_TAG] === 'release' && other.tags[ENDPOINT_TAG] === tags[ENDPOINT_TAG],
  );
  if (release === undefined) throw new ModelError(`the stack ${stack} has no release machine; deploy it again`);
  return {
    model: tags[MODEL_TAG],
    endpointName: tags[ENDPOINT_TAG],
    bucket: tags[BUCKET_TAG],
    inputsDigest: tags[INPUTS_TAG],
    buildMachine: arn,
    releaseMachine: release.arn,
  };
}

function explain({ stack, model }: PipelineChoice, all: readonly Record<string, string>[], found: number): string {
  const names = all.map((tags) => `${tags[MODEL_TAG]} (endpoint ${tags[ENDPOINT_TAG]})`).join(', ');
  if (all.length === 0) return `the stack ${stack} holds no ModelPipeline, or one that has to be deployed again`;
  if (found === 0) return `the stack ${stack} has no pipeline for ${model}; it has: ${names}`;
  return `the stack ${stack} has several pipelines; choose one with --model <model or endpoint>: ${names}`;
}

/** ARNs of the state machines of a stack and of the stacks nested in it. */
async function machinesOf(client: CloudFormationClient, stack: string): Promise<string[]> {
  const resources: StackResourceSummary[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName: stack })) {
    resources.push(...(page.StackResourceSummaries ?? []));
  }
  const idsOf = (type: string): string[] =>
    resources.flatMap(({ ResourceType, PhysicalResourceId: id }) => (ResourceType === type && id ? [id] : []));
  const nested = await Promise.all(idsOf('AWS::CloudFormation::Stack').map((id) => machinesOf(client, id)));
  return [...idsOf('AWS::StepFunctions::StateMachine'), ...nested.flat()];
}

async function tagsOf(client: SFNClient, resourceArn: string): Promise<Record<string, string>> {
  const { tags = [] } = await client.send(new ListTagsForResourceCommand({ resourceArn }));
  return Object.fromEntries(tags.map(({ key = '', value = '' }) => [key, value]));
}
