import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeExecutionCommand, ExecutionListItem, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { createApp } from '../../../bin/app';
import { readEndpoint } from '../../../cli/pipeline/endpoint';
import { LocalAccount } from './local-account';

let account: LocalAccount;

beforeAll(async () => {
  account = await LocalAccount.open();
});

afterAll(() => account.close());

async function firstExecution(stateMachineArn: string): Promise<ExecutionListItem> {
  for (;;) {
    const { executions } = await account.clients.states.send(new ListExecutionsCommand({ stateMachineArn }));
    const first = executions!.at(-1);
    if (first !== undefined && first.status !== 'RUNNING') return first;
    await sleep(500);
  }
}

test('a deployed schedule trains when its time comes, and what it trained serves', async () => {
  const assembly = account.synthesize((props) =>
    createApp(
      {
        MODELPRESS_RUN_ON_DEPLOY: 'false',
        MODELPRESS_SCHEDULE: 'rate(1 minute)',
        MODELPRESS_STATUS_INTERVAL: '1',
      },
      props,
    ),
  );
  const { outputs } = await account.deploy(assembly);
  const build = await firstExecution(outputs.BuildStateMachineArn);
  expect(build).toMatchObject({ status: 'SUCCEEDED', name: expect.stringMatching(/^schedule-\d{8}-\d{6}$/) as string });
  // Its name is the occurrence's time, to the second.
  const [, date, time] = /-(\d+)-(\d+)$/.exec(build.name!)!;
  const begun = build.startDate!.toISOString().replace(/\D/g, '').slice(0, 14);
  expect(Number(begun)).toBeGreaterThanOrEqual(Number(date + time));
  const { input, output } = await account.clients.states.send(
    new DescribeExecutionCommand({ executionArn: build.executionArn }),
  );
  expect(JSON.parse(input!)).toEqual({});
  const { started } = JSON.parse(output!) as { started: { name: string } };
  expect(started.name).toMatch(/^model-[0-9a-f]{24}$/);

  const release = await firstExecution(outputs.ReleaseStateMachineArn);
  expect(release).toMatchObject({ status: 'SUCCEEDED' });
  const endpoint = await readEndpoint(account.clients.sageMaker, outputs.EndpointName);
  expect(endpoint).toMatchObject({ status: 'InService', build: started.name });
  await account.destroy(assembly);
}, 600_000);
