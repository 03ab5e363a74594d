import { Duration } from 'aws-cdk-lib';
import { TrainingOptions } from '../training-options';
import { ensure, requireCount, requireDuration, requireWhole } from './validate';
import { validateSource } from './validate-source';

const DAY = 24 * 3600;

/** Checks everything about a training that SageMaker would only say once a build runs. */
export function validateTraining(options: TrainingOptions): void {
  requireWhole(options.instanceCount, 'instanceCount', 1, 100);
  requireWhole(options.retryAttempts, 'retryAttempts', 0, 30);
  requireDuration(options.maxRuntime, 'maxRuntime', 1, 28 * DAY);
  requireDuration(options.keepAlive, 'keepAlive', 1, 21600);
  requireCount(options.metrics, 'metrics', 40);
  requireCount(options.securityGroups, 'securityGroups', 5);
  validateSpot(options);
  validateVolume(options);
  validateSource(options, 'train.py');
  validateMaps(options);
  validateChannels(options);
  ensure(
    options.vpc !== undefined || (options.vpcSubnets === undefined && options.securityGroups === undefined),
    'vpcSubnets and securityGroups need a vpc',
  );
}

function validateSpot({ spot, maxWait, maxRuntime, keepAlive }: TrainingOptions): void {
  if (!spot) {
    ensure(maxWait === undefined, 'maxWait is for spot training only; set spot: true or leave maxWait out');
    return;
  }
  const runtime = maxRuntime ?? Duration.hours(24);
  ensure(maxWait !== undefined, 'spot training needs maxWait, the time it may take with all waiting');
  ensure(
    maxWait!.toSeconds() >= runtime.toSeconds(),
    `maxWait must be at least maxRuntime (${runtime.toSeconds()} s), received: ${maxWait!.toSeconds()} s`,
  );
  requireDuration(maxWait, 'maxWait', 1, 28 * DAY);
  ensure(keepAlive === undefined, 'keepAlive and spot exclude each other: SageMaker keeps no spot instances warm');
}

function validateVolume({ instanceType, volumeSizeInGb, volumeEncryptionKey }: TrainingOptions): void {
  requireWhole(volumeSizeInGb, 'volumeSizeInGb', 1, 16384);
  ensure(
    !instanceType.hasLocalDisk || (volumeSizeInGb === undefined && volumeEncryptionKey === undefined),
    `${instanceType.name} has a disk of its own, encrypted by itself; leave volumeSizeInGb and volumeEncryptionKey out`,
  );
}

function validateMaps({ hyperparameters, environment, sourceDirectory, metrics }: TrainingOptions): void {
  const names = Object.keys(hyperparameters ?? {});
  ensure(
    names.length <= (sourceDirectory === undefined ? 100 : 95),
    `at most 100 hyperparameters, received: ${names.length}`,
  );
  names.forEach((name) =>
    ensure(
      !name.startsWith('sagemaker_'),
      `hyperparameters named sagemaker_… are set by the construct, received: ${name}`,
    ),
  );
  const variables = Object.entries(environment ?? {});
  ensure(variables.length <= 100, `environment must have at most 100 entries, received: ${variables.length}`);
  variables.forEach(([name, value]) => {
    ensure(/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && name.length <= 512, `environment has an invalid name: ${name}`);
    ensure(value.length <= 512, `environment ${name} must have at most 512 characters, received: ${value.length}`);
  });
  (metrics ?? []).forEach(({ name, regex }) => {
    ensure(name.length >= 1 && name.length <= 255, `metric names must have 1 to 255 characters, received: ${name}`);
    ensure(regex.length >= 1 && regex.length <= 500, `the regex of metric ${name} must have 1 to 500 characters`);
  });
}

function validateChannels({ channels = [] }: TrainingOptions): void {
  requireCount(channels, 'channels', 20);
  const names = channels.map(({ name }) => name);
  ensure(new Set(names).size === names.length, `channel names must differ, received: ${names.join(', ')}`);
  channels.forEach(({ name, prefix }) => {
    ensure(
      /^[A-Za-z0-9._-]{1,64}$/.test(name),
      `channel names must be 1 to 64 of A-Z a-z 0-9 . - _, received: ${name}`,
    );
    ensure(
      prefix === '' || (prefix.endsWith('/') && !prefix.startsWith('/')),
      `the prefix of channel ${name} must end in a slash and not begin with one, received: ${prefix}`,
    );
  });
}
