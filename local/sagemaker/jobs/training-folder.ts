import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Channel, CreateTrainingJobRequest } from '@aws-sdk/client-sagemaker';
import { S3Files, TransferError } from '../system/s3-files';
import { localPath } from '../system/container-paths';

/** Lays out the folder that stands for /opt/ml: configuration, channels, checkpoints and source. */
export async function prepareTrainingFolder(
  request: CreateTrainingJobRequest,
  root: string,
  s3: S3Files,
): Promise<void> {
  for (const folder of ['input/config', 'input/data', 'model', 'output/data', 'code', 'checkpoints']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await writeConfiguration(request, join(root, 'input/config'));
  for (const channel of request.InputDataConfig ?? []) await downloadChannel(channel, join(root, 'input/data'), s3);
  const checkpoints = request.CheckpointConfig;
  if (checkpoints !== undefined && (await s3.exists(checkpoints.S3Uri!))) {
    await s3.download(checkpoints.S3Uri!, checkpointFolder(request, root));
  }
  await fetchSource(request.HyperParameters?.sagemaker_submit_directory, root, s3);
}

/** Folder whose content is kept at CheckpointConfig's address. */
export function checkpointFolder(request: CreateTrainingJobRequest, root: string): string {
  return localPath(request.CheckpointConfig?.LocalPath ?? '/opt/ml/checkpoints', root);
}

async function fetchSource(setting: string | undefined, root: string, s3: S3Files): Promise<void> {
  if (setting === undefined) return;
  const address = unquote(setting);
  if (!address.startsWith('s3://')) {
    throw new TransferError(`sagemaker_submit_directory must be the s3:// address of a .tar.gz, received: ${address}`);
  }
  await s3.downloadArchive(address, join(root, 'code'), join(root, 'source'));
}

/** Script mode sends hyperparameters JSON-encoded; plain texts are met too. */
function unquote(value: string): string {
  try {
    const decoded: unknown = JSON.parse(value);
    return typeof decoded === 'string' ? decoded : value;
  } catch {
    return value;
  }
}

async function downloadChannel(channel: Channel, folder: string, s3: S3Files): Promise<void> {
  const source = channel.DataSource?.S3DataSource;
  const unsupported =
    source === undefined
      ? 'a data source other than S3'
      : source.S3DataType !== 'S3Prefix'
        ? `S3DataType ${source.S3DataType}`
        : channel.InputMode === 'Pipe'
          ? 'InputMode Pipe'
          : channel.CompressionType === 'Gzip'
            ? 'CompressionType Gzip'
            : channel.RecordWrapperType === 'RecordIO'
              ? 'RecordWrapperType RecordIO'
              : undefined;
  if (unsupported !== undefined)
    throw new TransferError(`channel ${channel.ChannelName}: ${unsupported} cannot be emulated on this machine`);
  await s3.download(source!.S3Uri!, join(folder, channel.ChannelName!));
}

async function writeConfiguration(request: CreateTrainingJobRequest, folder: string): Promise<void> {
  const write = (name: string, content: unknown): Promise<void> =>
    writeFile(join(folder, `${name}.json`), JSON.stringify(content));
  await write('hyperparameters', request.HyperParameters ?? {});
  const channels = (request.InputDataConfig ?? []).map((channel): [string, object] => [
    channel.ChannelName!,
    {
      TrainingInputMode: channel.InputMode ?? request.AlgorithmSpecification!.TrainingInputMode,
      ...(channel.ContentType === undefined ? {} : { ContentType: channel.ContentType }),
      S3DistributionType: channel.DataSource?.S3DataSource?.S3DataDistributionType ?? 'FullyReplicated',
      RecordWrapperType: channel.RecordWrapperType ?? 'None',
    },
  ]);
  await write('inputdataconfig', Object.fromEntries(channels));
  const type = request.ResourceConfig!.InstanceType ?? '';
  await write('resourceconfig', {
    current_host: 'algo-1',
    current_instance_type: type,
    current_group_name: 'homogeneousCluster',
    hosts: ['algo-1'],
    instance_groups: [{ instance_group_name: 'homogeneousCluster', instance_type: type, hosts: ['algo-1'] }],
    network_interface_name: 'lo',
  });
}
