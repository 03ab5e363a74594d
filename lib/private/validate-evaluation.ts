import { Token } from 'aws-cdk-lib';
import { EvaluationInput, EvaluationLimit, EvaluationOptions } from '../evaluation-options';
import { ensure, requireCount, requireDuration, requireNumber, requireWhole } from './validate';
import { validateSource } from './validate-source';

const DAY = 24 * 3600;
/** What every evaluation gets. */
const RESERVED = ['raw', 'compressed', 'code'];

/** Checks everything about an evaluation that SageMaker, or the gate, would only say once a build runs. */
export function validateEvaluation(options: EvaluationOptions): void {
  requireWhole(options.volumeSizeInGb, 'volumeSizeInGb', 1, 16384);
  requireDuration(options.maxRuntime, 'maxRuntime', 1, 9 * DAY);
  requireCount(options.inputs, 'inputs', 7);
  requireCount(options.arguments, 'arguments', 90);
  requireCount(options.securityGroups, 'securityGroups', 5);
  ensure(
    options.vpc !== undefined || (options.vpcSubnets === undefined && options.securityGroups === undefined),
    'vpcSubnets and securityGroups need a vpc',
  );
  ensure(
    !options.instanceType.hasLocalDisk || options.volumeEncryptionKey === undefined,
    `${options.instanceType.name} has a disk of its own, encrypted by itself; leave volumeEncryptionKey out`,
  );
  validateLimits(options.limits);
  validateSource(options, 'evaluate.py');
  validateInputs(options.inputs ?? []);
  validateEnvironment(options.environment ?? {});
  (options.arguments ?? []).forEach((argument) =>
    ensure(
      Token.isUnresolved(argument) || argument.length <= 256,
      `arguments must have at most 256 characters each, received: ${argument}`,
    ),
  );
}

function validateLimits(limits: readonly EvaluationLimit[]): void {
  ensure(limits.length >= 1, 'an evaluation needs at least one limit; without one it would let everything pass');
  requireCount(limits, 'limits', 20);
  const names = limits.map(({ metric }) => metric);
  ensure(new Set(names).size === names.length, `metrics must have one limit each, received: ${names.join(', ')}`);
  limits.forEach(({ metric, ...bounds }) => {
    ensure(
      /^[A-Za-z0-9_.:/@ -]{1,100}$/.test(metric),
      `metrics must be named with 1 to 100 letters, digits, spaces and _.:/@-, received: ${metric}`,
    );
    const given = Object.values(bounds).filter((bound) => bound !== undefined);
    ensure(given.length > 0, `the limit of ${metric} bounds nothing; give maxDrop, maxRise, min or max`);
    const { min, max, ...changes } = bounds;
    for (const [name, value] of Object.entries(changes))
      requireNumber(value, `${name} of ${metric}`, 0, Number.MAX_VALUE);
    for (const [name, value] of Object.entries({ min, max }))
      requireNumber(value, `${name} of ${metric}`, -Number.MAX_VALUE, Number.MAX_VALUE);
    ensure(
      min === undefined || max === undefined || min <= max,
      `min of ${metric} must not exceed max, received: ${min} and ${max}`,
    );
  });
}

function validateInputs(inputs: readonly EvaluationInput[]): void {
  const names = inputs.map(({ name }) => name);
  ensure(new Set(names).size === names.length, `the names of inputs must differ, received: ${names.join(', ')}`);
  inputs.forEach(({ name, prefix }) => {
    ensure(
      /^[A-Za-z0-9._-]{1,64}$/.test(name) && !RESERVED.includes(name),
      `inputs must be named with 1 to 64 of A-Z a-z 0-9 . - _, and not ${RESERVED.join(', ')}, received: ${name}`,
    );
    ensure(
      prefix === '' || (prefix.endsWith('/') && !prefix.startsWith('/')),
      `the prefix of input ${name} must end in a slash and not begin with one, received: ${prefix}`,
    );
  });
}

function validateEnvironment(environment: Readonly<Record<string, string>>): void {
  const variables = Object.entries(environment);
  ensure(variables.length <= 100, `environment must have at most 100 entries, received: ${variables.length}`);
  variables.forEach(([name, value]) =>
    ensure(
      /^[a-zA-Z_][a-zA-Z0-9_]{0,255}$/.test(name) && value.length <= 256,
      `environment needs names of letters, digits and underscores, and values of at most 256 characters; look at: ${name}`,
    ),
  );
}
