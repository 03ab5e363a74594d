import { ReleaseApproval } from '../../../lib';
import { BUCKET, ENDPOINT, makeStage, Stage } from '../../support/model/stage';
import { explore, goingLast } from '../../support/model/threads';
import { World } from '../../support/model/world';

let automatic: Stage;
let manual: Stage;

beforeAll(async () => {
  automatic = makeStage();
  manual = makeStage({ approval: ReleaseApproval.MANUAL });
  // Metrics that cannot be published any more.
  for (const method of ['warn', 'info', 'log'] as const) jest.spyOn(console, method).mockImplementation();
  await World.open();
});

const arnOf = (machine: string): string => `arn:aws:states:us-east-1:111122223333:stateMachine:${machine}`;

/** What CloudFormation sends, and CDK's framework again and again. */
const deletion = {
  RequestType: 'Delete',
  ResourceProperties: {
    endpointName: ENDPOINT,
    stateMachineArns: ['build', 'release', 'left-behind'].map(arnOf),
    buildMachineArn: arnOf('build'),
    releaseMachineArn: arnOf('release'),
    ledger: { bucket: BUCKET, key: `releases/${ENDPOINT}.json` },
    modelPackageGroup: ENDPOINT,
  },
};

/** How many executions there were when what ran had been stopped, and when the deletion was done. */
interface Deletion {
  stopped?: number;
  done?: number;
}

/** Deletes the stack in a thread of its own. */
function deleteStack(world: World): Deletion {
  const executions: Deletion = {};
  world.threads.start('deletion', async () => {
    await world.threads.point();
    await world.trigger('clean-up', deletion);
    executions.stopped = world.executions.size;
    for (;;) {
      const { IsComplete } = (await world.trigger('clean-up-complete', deletion)) as { IsComplete: boolean };
      if (IsComplete) break;
      world.threads.own!.isAsleep = true;
      await world.threads.point();
    }
    executions.done = world.executions.size;
  });
  return executions;
}

function checkNothingIsLeft(world: World, { done }: Deletion): void {
  const { sageMaker } = world;
  const left = [sageMaker.endpoints, sageMaker.configs, sageMaker.models, sageMaker.packages];
  expect(left.map(({ size }) => size)).toEqual([0, 0, 0, 0]);
  expect(world.ledger).toBeUndefined();
  expect([...world.executions.values()].filter(({ status }) => status === 'RUNNING')).toEqual([]);
  expect(world.executions.size).toBe(done);
}

test.each(['AUTOMATIC', 'MANUAL'] as const)(
  'the deletion of a stack leaves nothing behind, whatever was under way, with the approval %s',
  async (approval) => {
    const before = new Set<number>();
    const late = new Set<number>();
    const count = await explore(1, async (choose) => {
      const world = new World(approval === 'MANUAL' ? manual : automatic, { points: 'changes' });
      world.start('build', 'first', {});
      const executions = deleteStack(world);
      await world.run(goingLast('deletion', choose));
      checkNothingIsLeft(world, executions);
      before.add(executions.stopped!);
      late.add(world.executions.size - executions.stopped!);
    });
    expect(count).toBeGreaterThan(20);
    // The training, the model's build, its release.
    expect([...before].sort()).toEqual(approval === 'MANUAL' ? [1, 2] : [1, 2, 3]);
    // A function that had been called before the deletion has started another.
    expect(Math.max(...late)).toBeGreaterThan(0);
  },
);
