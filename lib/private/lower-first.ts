/** Fields as the CDK's resources take them, `alarmName`, of fields as the API has them, `AlarmName`. */
export function lowerFirst(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerFirst);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name[0].toLowerCase() + name.slice(1), lowerFirst(entry)]),
  );
}
