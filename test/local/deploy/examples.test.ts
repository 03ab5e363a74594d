import { GetObjectCommand } from '@aws-sdk/client-s3';
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
} from '@aws-sdk/client-sagemaker';
import { DescribeStateMachineCommand, ExecutionListItem, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from '../../../bin/app';
import { listExamples } from '../../../examples/list-examples';
import { parseS3Uri } from '../../../local/loop/s3-location';
import { LocalAccount } from './local-account';
import { inWords, WHAT_STAYS } from './remains';

const MINUTES = 60_000;
/** `npm run test:deploy` runs every example, with the build that its deployment starts. */
const ALL = process.env.MODELPRESS_DEPLOY_ALL === 'true';
/** The others differ from these in nothing but what their scripts do, and PyTorch takes gigabytes to train. */
const EXAMPLES: readonly [string, boolean][] = ALL
  ? listExamples().map((example) => [example, true])
  : [
      ['tensorflow-digits', true],
      ['pytorch-text', false],
    ];

let account: LocalAccount;
beforeAll(async () => {
  account = await LocalAccount.open();
});
afterAll(() => account.close());

type Outputs = Readonly<Record<string, string>>;

const executionsOf = async (stateMachineArn: string): Promise<ExecutionListItem[]> =>
  (await account.clients.states.send(new ListExecutionsCommand({ stateMachineArn }))).executions!;

const executions = async ({ BuildStateMachineArn, ReleaseStateMachineArn }: Outputs): Promise<ExecutionListItem[]> =>
  (await Promise.all([BuildStateMachineArn, ReleaseStateMachineArn].map(executionsOf))).flat();

/** Waits until so many deployments are over: what each starts, the build of the model, and the release. */
async function settled(outputs: Outputs, deployments: number): Promise<void> {
  for (;;) {
    const all = await executions(outputs);
    const failed = all.filter(({ status }) => status !== 'RUNNING' && status !== 'SUCCEEDED');
    expect(failed).toEqual([]);
    if (all.length >= 3 * deployments && all.every(({ status }) => status === 'SUCCEEDED')) return;
    await sleep(200);
  }
}

/** What serves: the instance type, and the recipe that the artifact's manifest names. */
async function served(outputs: Outputs): Promise<{ instanceType?: string; method: string }> {
  const { sageMaker, s3 } = account.clients;
  const endpoint = await sageMaker.send(new DescribeEndpointCommand({ EndpointName: outputs.EndpointName }));
  expect(endpoint.EndpointStatus).toBe('InService');
  const config = await sageMaker.send(
    new DescribeEndpointConfigCommand({ EndpointConfigName: endpoint.EndpointConfigName }),
  );
  const [variant] = config.ProductionVariants!;
  const model = await sageMaker.send(new DescribeModelCommand({ ModelName: variant.ModelName }));
  const { bucket, key } = parseS3Uri(model.PrimaryContainer!.ModelDataSource!.S3DataSource!.S3Uri!);
  const manifest = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: `${key}manifest.json` }));
  const { recipe } = JSON.parse(await manifest.Body!.transformToString()) as { recipe: { method: string } };
  return { instanceType: variant.InstanceType, method: recipe.method };
}

async function deployedRecipe({ BuildStateMachineArn }: Outputs): Promise<string> {
  const machine = await account.clients.states.send(
    new DescribeStateMachineCommand({ stateMachineArn: BuildStateMachineArn }),
  );
  const [, method] = /"method":"([^"]+)"/.exec(machine.definition!)!;
  return method;
}

test.each(EXAMPLES)(
  '%s deploys, deploys again without a change, is updated and is destroyed',
  async (example, runOnDeploy) => {
    const synthesize = (settings: Record<string, string> = {}): string =>
      account.synthesize((props) =>
        createApp(
          {
            MODELPRESS_EXAMPLE: example,
            MODELPRESS_RUN_ON_DEPLOY: `${runOnDeploy}`,
            MODELPRESS_STATUS_INTERVAL: '1',
            ...settings,
          },
          props,
        ),
      );
    const [before, after] = [
      synthesize(),
      synthesize({ MODELPRESS_RECIPE: 'fp16', MODELPRESS_ENDPOINT_INSTANCE_TYPE: 'ml.c7i.xlarge' }),
    ];
    const first = await account.deploy(before);
    expect(first.changed).toBe(true);
    expect(await deployedRecipe(first.outputs)).toBe('int8');
    if (runOnDeploy) {
      await settled(first.outputs, 1);
      expect(await served(first.outputs)).toEqual({ instanceType: 'ml.c7i.large', method: 'int8' });
    }

    const again = await account.deploy(before);
    expect(again).toEqual({ outputs: first.outputs, changed: false });
    expect(await executions(again.outputs)).toHaveLength(runOnDeploy ? 3 : 0);

    const update = await account.deploy(after);
    expect(update).toEqual({ outputs: first.outputs, changed: true });
    expect(await deployedRecipe(update.outputs)).toBe('fp16');
    if (runOnDeploy) {
      await settled(update.outputs, 2);
      expect(await served(update.outputs)).toEqual({ instanceType: 'ml.c7i.xlarge', method: 'fp16' });
    }

    await account.destroy(after);
    expect(inWords(await account.left(), first.outputs.ModelBucketName)).toEqual(WHAT_STAYS);
  },
  15 * MINUTES,
);
