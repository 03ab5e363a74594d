import { createHash } from 'node:crypto';
import { Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';

/** SHA-256 of a value as the template will hold it, so that it changes just when what is deployed does. */
export function digest(scope: Construct, value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(Stack.of(scope).resolve(value))))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sorted(entry)]),
  );
}
