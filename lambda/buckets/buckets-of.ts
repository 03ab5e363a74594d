import { fields, InvalidEventError } from '../support/fields';

/** ARNs of the buckets that a custom resource stands for. */
export function bucketsOf(event: Readonly<Record<string, unknown>>): string[] {
  const { buckets } = fields(event, 'ResourceProperties');
  if (Array.isArray(buckets) && buckets.every((arn) => typeof arn === 'string' && arn.includes(':s3:::')))
    return buckets as string[];
  throw new InvalidEventError(`property "buckets" must be a list of bucket ARNs, received: ${JSON.stringify(buckets)}`);
}

export function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}
