import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';

/**
 * Looks at the alarms that guard a deployment.
 *
 * @returns why the deployment must be rolled back, or undefined when no alarm is in ALARM.
 */
export async function findAlarm(client: CloudWatchClient, names: readonly string[]): Promise<string | undefined> {
  if (names.length === 0) return undefined;
  const answer = await client.send(
    new DescribeAlarmsCommand({ AlarmNames: [...names], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] }),
  );
  const found = [...(answer.MetricAlarms ?? []), ...(answer.CompositeAlarms ?? [])];
  const missing = names.filter((name) => !found.some((alarm) => alarm.AlarmName === name));
  if (missing.length > 0) return `the alarm ${missing.join(', ')} does not exist`;
  const raised = found.filter((alarm) => alarm.StateValue === 'ALARM').map((alarm) => alarm.AlarmName);
  return raised.length === 0 ? undefined : `one or more configured alarms are in ALARM: ${raised.join(', ')}`;
}
