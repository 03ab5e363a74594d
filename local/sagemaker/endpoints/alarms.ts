import { CloudWatchClient, DescribeAlarmsCommand, MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { OF_COMPONENT, RecentRequests } from './recent-requests';

/** Time between two looks at the alarms of a deployment, in milliseconds. */
export const ALARM_INTERVAL_MS = 500;

/**
 * Looks at the alarms that guard a deployment. Those on an endpoint's own metrics are judged by the requests that were
 * really made, others by what CloudWatch says.
 *
 * @param timeScale periods pass at this share of their time, but none is shorter than the time between two looks: what
 * happens between them would be overlooked.
 * @returns why the deployment must be rolled back, or undefined when no alarm is in ALARM.
 */
export async function findAlarm(
  client: CloudWatchClient,
  requests: RecentRequests,
  names: readonly string[],
  timeScale: number,
): Promise<string | undefined> {
  if (names.length === 0) return undefined;
  const answer = await client.send(
    new DescribeAlarmsCommand({ AlarmNames: [...names], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] }),
  );
  const found = [...(answer.MetricAlarms ?? []), ...(answer.CompositeAlarms ?? [])];
  const missing = names.filter((name) => !found.some((alarm) => alarm.AlarmName === name));
  if (missing.length > 0) return `the alarm ${missing.join(', ')} does not exist`;
  const raised = found
    .filter((alarm) => judge(alarm, requests, timeScale) ?? alarm.StateValue === 'ALARM')
    .map((alarm) => alarm.AlarmName);
  return raised.length === 0 ? undefined : `one or more configured alarms are in ALARM: ${raised.join(', ')}`;
}

/** Whether an alarm on an endpoint's metric is on; undefined for any other. */
function judge(alarm: MetricAlarm, requests: RecentRequests, timeScale: number): boolean | undefined {
  const dimension = (name: string): string | undefined => alarm.Dimensions?.find(({ Name }) => Name === name)?.Value;
  const component = dimension('InferenceComponentName');
  const [endpoint, variant] =
    component === undefined ? [dimension('EndpointName'), dimension('VariantName')] : [component, OF_COMPONENT];
  if (alarm.Namespace !== 'AWS/SageMaker' || endpoint === undefined || variant === undefined) return undefined;
  const period = Math.max((alarm.Period ?? 60) * 1000 * timeScale, ALARM_INTERVAL_MS);
  const now = Date.now();
  const periods = Array.from({ length: alarm.EvaluationPeriods ?? 1 }, (_, index) =>
    requests.values(alarm.MetricName!, endpoint, variant, now - (index + 1) * period, now - index * period),
  );
  if (periods.includes(undefined)) return undefined;
  const breaching = periods.filter((values) =>
    values!.length === 0
      ? alarm.TreatMissingData === 'breaching'
      : crosses(statistic(values!, alarm.ExtendedStatistic ?? alarm.Statistic ?? 'Average'), alarm),
  );
  return breaching.length >= (alarm.DatapointsToAlarm ?? periods.length);
}

function statistic(values: readonly number[], name: string): number {
  const sum = values.reduce((total, value) => total + value, 0);
  if (name === 'Sum') return sum;
  if (name === 'SampleCount') return values.length;
  if (name === 'Average') return sum / values.length;
  const sorted = [...values].sort((a, b) => a - b);
  const share = name === 'Minimum' ? 0 : name === 'Maximum' ? 1 : Number(name.slice(1)) / 100;
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - (share > 0 ? 1 : 0))];
}

function crosses(value: number, { ComparisonOperator: operator, Threshold: threshold = 0 }: MetricAlarm): boolean {
  switch (operator) {
    case 'GreaterThanOrEqualToThreshold':
      return value >= threshold;
    case 'LessThanThreshold':
      return value < threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= threshold;
    default:
      return value > threshold;
  }
}
