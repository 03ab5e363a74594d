import { SFNClient } from '@aws-sdk/client-sfn';
import { variable } from './support/environment';
import { InvalidEventError, text } from './support/fields';
import { startOnce } from './support/start-once';

const client = new SFNClient({ maxAttempts: 8 });

/** Trains anew at a scheduled time. The execution is named after that time, so an occurrence that is told twice builds once. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<{ executionName: string }> {
  const scheduled = text(event, 'scheduledTime');
  const time = new Date(scheduled);
  if (Number.isNaN(time.getTime())) {
    throw new InvalidEventError(`event field "scheduledTime" must be a time, received: ${scheduled}`);
  }
  const digits = time.toISOString().replace(/\D/g, '');
  const executionName = `schedule-${digits.slice(0, 8)}-${digits.slice(8, 14)}`;
  await startOnce(client, variable('STATE_MACHINE_ARN'), executionName, {});
  return { executionName };
}
