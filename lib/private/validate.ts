import { Duration, Token } from 'aws-cdk-lib';

/** Fails the synthesis with one sentence when something is wrong. */
export function ensure(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

/** Checks a whole number against its limits; values known only at deployment pass. */
export function requireWhole(value: number | undefined, name: string, lowest: number, highest: number): void {
  if (value === undefined || Token.isUnresolved(value)) return;
  ensure(
    Number.isInteger(value) && value >= lowest && value <= highest,
    `${name} must be a whole number from ${lowest} to ${highest}, received: ${value}`,
  );
}

/** Checks any number against its limits; values known only at deployment pass. */
export function requireNumber(value: number | undefined, name: string, lowest: number, highest: number): void {
  if (value === undefined || Token.isUnresolved(value)) return;
  ensure(
    value >= lowest && value <= highest,
    `${name} must be a number from ${lowest} to ${highest}, received: ${value}`,
  );
}

/** Checks a duration against limits in seconds. */
export function requireDuration(value: Duration | undefined, name: string, lowest: number, highest: number): void {
  if (value === undefined || value.isUnresolved()) return;
  const seconds = value.toSeconds({ integral: false });
  ensure(
    Number.isInteger(seconds) && seconds >= lowest && seconds <= highest,
    `${name} must be from ${lowest} to ${highest} whole seconds, received: ${seconds}`,
  );
}

export function requireCount(items: readonly unknown[] | undefined, name: string, highest: number): void {
  ensure((items?.length ?? 0) <= highest, `${name} must have at most ${highest} entries, received: ${items?.length}`);
}

/**
 * Model names become part of object keys, job names and endpoint names. Lower case, because SageMaker puts names into
 * ARNs in lower case, where a permission for another spelling would not match.
 */
export function requireModelName(name: string): void {
  ensure(
    /^[a-z0-9](-?[a-z0-9])*$/.test(name) && name.length <= 24,
    `modelName must be 1 to 24 lower-case letters, digits and single hyphens between them, received: ${name}`,
  );
}
