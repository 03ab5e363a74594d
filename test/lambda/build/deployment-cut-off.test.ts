import { fault } from '../../lib/support/execute';
import { checkBuilds } from '../../support/model/check-builds';
import { BUCKET, makeCompressorStage, Stage } from '../../support/model/stage';
import { explore, goingLast } from '../../support/model/threads';
import { World, WorldOptions } from '../../support/model/world';

let stage: Stage;
beforeAll(async () => {
  await World.open();
  stage = makeCompressorStage();
});

const SOURCE = 'raw/digits/float/';

/** What CloudFormation sends of the resource, and CDK's framework again and again. */
const propertiesOf = (removeArtifact: boolean): object => ({
  stateMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:build',
  model: 'digits',
  bucket: BUCKET,
  source: `s3://${BUCKET}/${SOURCE}`,
  specification: 'digest',
  maxConcurrency: '10',
  memorySize: '3008',
  removeArtifact: `${removeArtifact}`,
});

interface Answer {
  readonly PhysicalResourceId: string;
  readonly Data: { readonly since: string };
}

interface Deployment {
  /** Address of the artifact, once the function that starts has told it. */
  artifact?: string;
}

/** What happens to the artifact, and how much CloudFormation was told of it before it deletes the resource. */
interface Case {
  readonly removeArtifact: boolean;
  readonly wasTold: boolean;
}

function open({ removeArtifact }: Case, options: WorldOptions = {}): [World, Deployment] {
  const world = new World(stage, { points: 'changes', ...options });
  world.upload(SOURCE);
  const deployment: Deployment = {};
  world.threads.start('deployment', async () => {
    const request = { RequestType: 'Create', RequestId: 'create', ResourceProperties: propertiesOf(removeArtifact) };
    deployment.artifact = ((await world.trigger('compress-on-deploy', request)) as Answer).PhysicalResourceId;
  });
  return [world, deployment];
}

/** Deletes the resource in a thread of its own, as a rollback does; counts how often CloudFormation asks. */
function rollBack(world: World, deployment: Deployment, { removeArtifact, wasTold }: Case): { asked: number } {
  const polls = { asked: 0 };
  world.threads.start('deletion', async () => {
    await world.threads.point();
    if (wasTold) await world.until(() => deployment.artifact !== undefined);
    const request = {
      RequestType: 'Delete',
      PhysicalResourceId: wasTold ? deployment.artifact : 'stack-resource-1A2B3C',
      ResourceProperties: propertiesOf(removeArtifact),
    };
    const answer = (await world.trigger('compress-on-deploy', request)) as Answer;
    expect(answer.PhysicalResourceId).toBe(request.PhysicalResourceId);
    for (;;) {
      // By the time that is waited for, the function has ended.
      const since = deployment.artifact !== undefined ? new Date(0).toISOString() : answer.Data.since;
      const { IsComplete } = (await world.trigger('compress-on-deploy-complete', {
        ...request,
        Data: { since },
      })) as { IsComplete: boolean };
      polls.asked++;
      if (IsComplete) break;
      world.threads.own!.isAsleep = true;
      await world.threads.point();
    }
  });
  return polls;
}

const artifacts = ({ s3 }: World): string[] =>
  s3.keys(`${BUCKET}/compressed/`).filter((key) => key.endsWith('/manifest.json'));

/** Nothing of the stack comes by any more. */
function check(world: World, { removeArtifact }: Case): void {
  expect(world.of('build').filter(({ status }) => status === 'RUNNING')).toEqual([]);
  if (removeArtifact) expect(world.s3.keys(`${BUCKET}/compressed/`)).toEqual([]);
  else checkBuilds(world);
  expect([...world.s3.uploads]).toEqual([]);
}

const CASES: readonly (Case & { readonly name: string })[] = [
  { name: 'that CloudFormation was told of, whose artifact stays', wasTold: true, removeArtifact: false },
  { name: 'that CloudFormation was told of, whose artifact goes', wasTold: true, removeArtifact: true },
  { name: 'that CloudFormation cut off, whose artifact stays', wasTold: false, removeArtifact: false },
  { name: 'that CloudFormation cut off, whose artifact goes', wasTold: false, removeArtifact: true },
];

test.each(CASES)('the deletion of a resource $name leaves nothing behind, whatever was under way', async (which) => {
  const ends = new Set<string>();
  const asked: number[] = [];
  const count = await explore(2, async (choose) => {
    const [world, deployment] = open(which);
    const polls = rollBack(world, deployment, which);
    await world.run(goingLast('deletion', choose));
    check(world, which);
    const [{ status }, ...others] = world.of('build');
    expect(others).toEqual([]);
    ends.add(`${status}, ${artifacts(world).length}`);
    asked.push(polls.asked);
  });
  expect(count).toBeGreaterThan(20);
  const whole = which.removeArtifact ? 0 : 1;
  expect([...ends]).toEqual(expect.arrayContaining([`SUCCEEDED, ${whole}`, 'ABORTED, 0']));
  // At once where all had ended, and later where a function went on.
  expect(Math.min(...asked)).toBe(1);
  expect(Math.max(...asked)).toBeGreaterThan(1);
});

test('a build that fails by itself is waited for no longer', async () => {
  const which = { wasTold: true, removeArtifact: false };
  const failing = (state: string): Error | undefined => (state === 'Finalize' ? fault('Conflict') : undefined);
  const [world, deployment] = open(which, { fault: failing });
  await world.run();
  expect(world.of('build')).toMatchObject([{ status: 'FAILED', error: 'Conflict' }]);
  const polls = rollBack(world, deployment, which);
  await world.run();
  expect(polls.asked).toBe(1);
});

test('the build of another model goes on while the artifact that it replaces is removed', async () => {
  const which = { wasTold: true, removeArtifact: true };
  const [world, deployment] = open(which);
  await world.run();
  const replaced = artifacts(world);
  expect(replaced).toHaveLength(1);
  const other = world.start('build', 'other', { source: `s3://${BUCKET}/${SOURCE}`, build: 'other' });
  const polls: { asked: number }[] = [];
  await world.run(undefined, ({ steps }) => {
    if (steps === 3 && polls.length === 0) polls.push(rollBack(world, deployment, which));
  });
  expect(other).toMatchObject({ status: 'SUCCEEDED' });
  expect(artifacts(world)).toEqual([`${BUCKET}/compressed/digits/other/manifest.json`]);
  expect(polls).toEqual([{ asked: 1 }]);
});
