import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProcessingInput } from '@aws-sdk/client-sagemaker';
import { withoutTags } from '../api/without-tags';
import { CONTAINERS, localCommand, localEnvironment, localPath } from '../system/container-paths';
import { Context, now } from '../system/context';
import { TransferError } from '../system/s3-files';
import { JobRun } from './job-run';
import { ProcessingJobRecord } from './records';

const MAX_REASON_CHARACTERS = 1024;
const DEFAULT_MAX_RUNTIME_SECONDS = 86400;

/** Takes one processing job to its end. Never rejects; what went wrong stands in the record. */
export async function runProcessingJob(context: Context, record: ProcessingJobRecord, run: JobRun): Promise<void> {
  const name = record.request.ProcessingJobName!;
  const folder = join(context.options.stateDir, 'processing', name);
  try {
    await carryOut(context, record, run, join(folder, 'opt-ml'));
    finish(context, record, run.stopCause === undefined ? 'Completed' : 'Stopped');
  } catch (error) {
    if (run.stopCause !== 'requested') record.failureReason = (error as Error).message.slice(0, MAX_REASON_CHARACTERS);
    finish(context, record, run.stopCause === 'requested' ? 'Stopped' : 'Failed');
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function carryOut(context: Context, record: ProcessingJobRecord, run: JobRun, root: string): Promise<void> {
  const { request } = record;
  const { ContainerEntrypoint: entrypoint, ContainerArguments: args } = request.AppSpecification!;
  if (entrypoint === undefined) {
    throw new Error(
      `ClientError: the image ${request.AppSpecification!.ImageUri} cannot be run on this machine without a command; ` +
        'set AppSpecification.ContainerEntrypoint, for example ["python3", "/opt/ml/processing/input/code/evaluate.py"]',
    );
  }
  await rm(root, { recursive: true, force: true });
  for (const part of ['config', 'output', 'processing/input', 'processing/output'])
    await mkdir(join(root, part), { recursive: true });
  for (const input of request.ProcessingInputs ?? []) await download(context, input, root);
  for (const output of request.ProcessingOutputConfig?.Outputs ?? []) {
    if (output.S3Output?.LocalPath !== undefined)
      await mkdir(localPath(output.S3Output.LocalPath, root), { recursive: true });
  }
  const configuration = withoutTags(request);
  await writeFile(
    join(root, 'config/processingjobconfig.json'),
    JSON.stringify({ ProcessingJobArn: record.arn, ...configuration }),
  );
  await writeFile(
    join(root, 'config/resourceconfig.json'),
    JSON.stringify({ current_host: 'algo-1', hosts: ['algo-1'] }),
  );
  const python = await context.pythonFor(request.AppSpecification!.ImageUri);
  if (run.stopCause !== undefined) return;

  record.started = now();
  context.save();
  const result = await run.execute(
    {
      program: python,
      args: [join(CONTAINERS, 'run_command.py'), ...localCommand([...entrypoint, ...(args ?? [])], root, python)],
      cwd: root,
      env: context.containerEnvironment(python, {
        PROCESSING_DIR: join(root, 'processing'),
        // Jobs run in the project's own environment: what a requirements.txt asks for must be there already.
        PIP_NO_INDEX: '1',
        ...localEnvironment(request.Environment, root),
      }),
      logFile: record.logFile,
    },
    request.StoppingCondition?.MaxRuntimeInSeconds ?? DEFAULT_MAX_RUNTIME_SECONDS,
  );
  record.ended = now();
  record.exitMessage = await readFile(join(root, 'output/message'), 'utf8').catch(() => undefined);
  if (run.stopCause === 'server-closed') {
    throw new Error('InternalServerError: the local SageMaker was closed while the job ran; start it again');
  }
  if (run.stopCause === undefined && result.end.code !== 0) {
    const status = result.end.code === null ? `signal ${result.end.signal}` : `exit code: ${result.end.code}`;
    throw new Error(`AlgorithmError: ${record.exitMessage ?? result.tail}, ${status}`);
  }
  for (const output of request.ProcessingOutputConfig?.Outputs ?? []) {
    const place = output.S3Output;
    if (place?.LocalPath === undefined) continue;
    await context.s3.upload(localPath(place.LocalPath, root), place.S3Uri!.replace(/\/?$/, '/'));
  }
}

async function download(context: Context, input: ProcessingInput, root: string): Promise<void> {
  const source = input.S3Input;
  if (input.AppManaged === true) return;
  const unsupported =
    source === undefined
      ? 'an input other than S3Input'
      : source.S3DataType !== 'S3Prefix'
        ? `S3DataType ${source.S3DataType}`
        : source.S3InputMode === 'Pipe'
          ? 'S3InputMode Pipe'
          : source.S3CompressionType === 'Gzip'
            ? 'S3CompressionType Gzip'
            : source.LocalPath === undefined
              ? 'an input without LocalPath'
              : undefined;
  if (unsupported !== undefined)
    throw new TransferError(`ClientError: input ${input.InputName}: ${unsupported} cannot be emulated on this machine`);
  await context.s3.download(source!.S3Uri!, localPath(source!.LocalPath!, root));
}

function finish(context: Context, record: ProcessingJobRecord, status: ProcessingJobRecord['status']): void {
  record.status = status;
  record.ended ??= now();
  record.modified = now();
  context.log(
    `processing job ${record.request.ProcessingJobName}: ${status}${record.failureReason === undefined ? '' : ` (${record.failureReason})`}`,
  );
  context.save();
}
