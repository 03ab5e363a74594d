import { PutObjectCommand } from '@aws-sdk/client-s3';
import { parseS3Uri } from '../../../local/loop/s3-location';
import { TestLoop } from './test-loop';

/** What happens to a running endpoint when releases and builds go wrong. */
export function failures(given: () => TestLoop): void {
  let loop: TestLoop;
  beforeAll(() => (loop = given()));

  test('a good, a crashing and a wrong release under constant requests: none fails, and only the good one stays', async () => {
    let config: string | undefined;
    const answers = await loop.askWhile(async () => {
      const good = await loop.variation('good', (script) => `${script}\n# another release\n`);
      await loop.execute(loop.outputs.ReleaseStateMachineArn, { artifact: good });
      config = await loop.servedConfig();

      const crashing = await loop.variation('crashing', () => 'raise RuntimeError("this script is broken")');
      const crash = await loop.failureOf(loop.outputs.ReleaseStateMachineArn, { artifact: crashing });
      expect(crash.failure.cause).toMatch(/health check|ping/i);
      const mail = await loop.mailbox.next();
      expect(mail.Subject).toBe('modelpress: release of digits was rolled back');
      expect(mail.Message).toMatch(/error: RolledBack\n.*cause: .*(health check|ping)/is);
      expect(mail.MessageAttributes.kind.Value).toBe('rolled-back');

      const wrong = await loop.variation(
        'wrong',
        (script) =>
          `${script}\nright = predict_fn\n\n\ndef predict_fn(images, model):\n    return right(images, model)[:, ::-1]\n`,
      );
      const mistake = await loop.failureOf(loop.outputs.ReleaseStateMachineArn, { artifact: wrong });
      expect(mistake.failure.cause).toContain('3 of 3 golden requests were answered wrongly');
      expect((await loop.mailbox.next()).Message).toContain('error: SmokeTestFailed');
    });
    expect(await loop.servedConfig()).toBe(config);
    expect(answers.length).toBeGreaterThan(100);
    expect(answers.filter((answer) => (answer as { predictions?: unknown }).predictions === undefined)).toEqual([]);
  });

  test('a model that is not TFLite stops the build at Plan', async () => {
    const { bucket } = parseS3Uri(loop.artifact);
    await loop.clients.s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: 'raw/elsewhere/model.tflite', Body: 'not a flatbuffer at all' }),
    );
    const { failure } = await loop.failureOf(loop.outputs.BuildStateMachineArn, {
      source: `s3://${bucket}/raw/elsewhere/`,
    });
    expect(failure).toMatchObject({ state: 'Plan', error: 'InvalidModel' });
    expect(failure.cause).toContain('model.tflite');
    const mail = await loop.mailbox.next();
    expect(mail.Subject).toBe('modelpress: build of digits failed');
    expect(mail.Message).toContain(`state: Plan\nerror: InvalidModel\ncause: ${failure.cause}\n`);
  });
}
