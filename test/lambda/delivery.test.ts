import { SFNClient } from '@aws-sdk/client-sfn';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { Duration } from 'aws-cdk-lib';
import { followBuild } from '../../lambda/delivery/follow-build';
import { ModelPipeline } from '../../lib';
import { definitionOf, Json, MachineDefinition } from '../lib/support/definition';
import { execute } from '../lib/support/execute';
import { newStack, pipelineProps } from '../lib/support/pipelines';
import { makeStage, Stage } from '../support/model/stage';
import { Choose, inOrder } from '../support/model/threads';
import { Started, World } from '../support/model/world';

let stage: Stage;
let delivery: MachineDefinition;
beforeAll(async () => {
  // Metrics that cannot be published any more.
  jest.spyOn(console, 'warn').mockImplementation();
  await World.open();
  stage = makeStage();
  const stack = newStack();
  new ModelPipeline(stack, 'Pipeline', pipelineProps())._createDelivery(Duration.hours(1));
  delivery = definitionOf(stack, 'Delivery');
});

/** Step Functions, as far as a delivery looks at what the world executes. */
function statesOf(world: World): SFNClient {
  const all = [...world.executions.values()];
  const describe = (found: Started): object => ({
    ...found,
    executionArn: found.arn,
    startDate: new Date(all.indexOf(found)),
    output: found.output === undefined ? undefined : JSON.stringify(found.output),
  });
  const send = ({ input }: { input: { executionArn?: string } }): Promise<object> =>
    Promise.resolve(
      input.executionArn === undefined
        ? { executions: world.of('release').map(describe).reverse() }
        : describe(world.executions.get(input.executionArn)!),
    );
  return Object.defineProperty(new SFNClient({ region: 'us-east-1' }), 'send', { value: send });
}

/** Delivers a build that is begun before another one; which of the two goes on is for the test to choose. */
async function deliver(
  choose: Choose,
): Promise<{ world: World; path: string[]; output?: unknown; error?: string; builds: string[] }> {
  const world = new World(stage);
  const run = await execute(
    delivery,
    {},
    {
      Build: ({ Name, Input }) => {
        const { arn } = world.start('build', Name as unknown as string, Input);
        world.start('build', 'newer', {});
        return { ExecutionArn: arn };
      },
      Follow: async ({ executionArn }: Json) => {
        await world.run(choose);
        return followBuild({
          states: statesOf(world),
          sageMaker: new SageMakerClient({ region: 'us-east-1' }),
          executionArn: executionArn as unknown as string,
          releaseMachineArn: 'release',
          approvalTimeout: 60,
        });
      },
    },
    { machine: 'delivery', name: 'delivered' },
  );
  const builds = ['delivered', 'newer'].map(
    (name) => world.buildOf(world.of('build').find((build) => build.name === name)!)!.name,
  );
  return { world, builds, ...run };
}

test('a stage whose build a newer one overtakes fails as Superseded, and the newer one serves', async () => {
  const newerFirst: Choose = (runnable, last, step) => {
    // The newer one trains first, and what it trained is built and released before anything else happens.
    const newer = runnable.filter(({ name, isAsleep }) => !name.startsWith('delivered') && !isAsleep);
    return inOrder(newer.length > 0 ? newer : runnable, last, step);
  };
  const { world, path, builds, ...end } = await deliver(newerFirst);
  expect(end).toMatchObject({
    error: 'Superseded',
    cause: 'A newer build was released already, and serves instead.',
  });
  expect(path.at(-1)).toBe('Failed');
  expect(world.serves).toBe(builds[1]);
});

test('a stage whose build is released before the newer one ends well', async () => {
  const { path, output, builds } = await deliver(inOrder);
  expect(path.at(-1)).toBe('Released');
  expect(output).toEqual({ state: 'Released', artifact: `s3://models/compressed/digits/${builds[0]}/` });
});
