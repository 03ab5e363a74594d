import { DescribeModelPackageCommand, ModelApprovalStatus, UpdateModelPackageCommand } from '@aws-sdk/client-sagemaker';
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { TestLoop } from './test-loop';

/** Runs that join the first one. */
export function furtherRuns(given: () => TestLoop): void {
  let loop: TestLoop;
  beforeAll(() => (loop = given()));

  test('a second run joins the first; when its training fails it says why, and the endpoint serves on', async () => {
    const before = await loop.servedConfig();
    const second = loop.run('--set', 'hyperparameters={"epochs":"many"}');
    expect(await second.exit).toBe(1);
    expect(second.output).toMatch(/Local services of process \d+/);
    expect(second.output).toMatch(/✗ Train failed: States\.TaskFailed/);
    expect(second.output).toMatch(/The end of .*\.log:[^]*invalid int value: 'many'/);
    expect(second.output).toMatch(new RegExp(`still serves ${before}: (\\d) is recognised as \\1`));
    expect(await loop.servedConfig()).toBe(before);
  });

  test('a model that is not good enough ends the loop with its numbers, and the endpoint serves on', async () => {
    const before = await loop.servedConfig();
    const pruned = ['--prune', '0.97', '--set', 'hyperparameters={"epochs":2}'];
    const second = loop.run(...pruned);
    expect(await second.exit).toBe(1);
    const numbers = /- accuracy dropped by 0\.\d+ from 0\.\d+ to 0\.\d+; at most 0\.02 is allowed/;
    expect(second.output).toMatch(/✗ EvaluationGate failed: GateFailed\n {2}the compressed model is not good enough/);
    expect(second.output).toMatch(numbers);
    expect(second.output).toContain(`still serves ${before}`);
    expect(await loop.servedConfig()).toBe(before);
    // The failed training before has told, too.
    const mails = [await loop.mailbox.next(), await loop.mailbox.next()];
    expect(mails.map(({ MessageAttributes }) => MessageAttributes.kind.Value)).toEqual(['failed', 'gated']);
    expect(mails[1].Message).toMatch(numbers);
  });

  test('a build that waits for approval asks for it, and is released once it is given, however often that is told', async () => {
    const before = await loop.servedConfig();
    const waiting = ['--recipe', 'fp16', '--set', 'approval=manual', '--set', 'hyperparameters={"epochs":4}'];
    const second = loop.run(...waiting);
    const [, ModelPackageArn] = await second.waitFor(/The build waits for approval[^]*--model-package-arn (arn:\S+)/);
    const mail = await loop.mailbox.next();
    expect(mail.MessageAttributes.kind.Value).toBe('waiting-for-approval');
    expect(mail.Message).toContain(`--model-package-arn ${ModelPackageArn} --model-approval-status Approved`);
    const decide = (ModelApprovalStatus: ModelApprovalStatus): Promise<unknown> =>
      loop.clients.sageMaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus }));
    await decide('Rejected');
    expect(await loop.servedConfig()).toBe(before);
    await decide('Approved');
    expect(await second.exit).toBe(0);
    expect(second.output).toMatch(/^Endpoint: \S+, updated, InService$/m);
    const after = await loop.servedConfig();
    expect(after).not.toBe(before);
    const { LastModifiedTime } = await loop.clients.sageMaker.send(
      new DescribeModelPackageCommand({ ModelPackageName: ModelPackageArn }),
    );
    const { executions = [] } = await loop.clients.states.send(
      new ListExecutionsCommand({ stateMachineArn: loop.outputs.ReleaseStateMachineArn }),
    );
    const version = ModelPackageArn.split('/').pop();
    expect(executions.map(({ name }) => name).filter((name) => name?.startsWith('package-'))).toEqual([
      `package-${version}-${LastModifiedTime!.getTime()}`,
    ]);
  });
}
