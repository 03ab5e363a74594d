import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CONTAINERS, localCommand, localEnvironment } from '../system/container-paths';
import { Context, now } from '../system/context';
import { refuseImage } from '../system/images';
import { filesBelow } from '../system/s3-files';
import { JobRun } from './job-run';
import { TrainingJobRecord } from './records';
import { checkpointFolder, prepareTrainingFolder } from './training-folder';

const MAX_REASON_CHARACTERS = 1024;
const DEFAULT_MAX_RUNTIME_SECONDS = 86400;

/** A failure with the class that SageMaker would put it in. */
class JobFailure extends Error {}

/** Takes one training job from Starting to its end. Never rejects; what went wrong stands in the record. */
export async function runTrainingJob(context: Context, record: TrainingJobRecord, run: JobRun): Promise<void> {
  const name = record.request.TrainingJobName!;
  const folder = join(context.options.stateDir, 'training', name);
  const root = join(folder, 'opt-ml');
  try {
    await carryOut(context, record, run, root);
    if (run.stopCause === undefined) finish(context, record, 'Completed', 'Completed', 'Training job completed');
    else finishStopped(context, record, run);
  } catch (error) {
    if (run.stopCause === 'server-closed' || run.stopCause === 'requested') return finishStopped(context, record, run);
    const message = error instanceof JobFailure ? error.message : `ClientError: ${(error as Error).message}`;
    record.failureReason = message.slice(0, MAX_REASON_CHARACTERS);
    finish(context, record, 'Failed', 'Failed', 'Training job failed');
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function carryOut(context: Context, record: TrainingJobRecord, run: JobRun, root: string): Promise<void> {
  const { request } = record;
  const entrypoint = request.AlgorithmSpecification!.ContainerEntrypoint;
  const refusal =
    entrypoint === undefined ? refuseImage(request.AlgorithmSpecification!.TrainingImage, 'training') : undefined;
  if (refusal !== undefined) throw new JobFailure(`ClientError: ${refusal}`);

  enter(context, record, 'Downloading', 'Downloading the input data');
  await rm(root, { recursive: true, force: true });
  await prepareTrainingFolder(request, root, context.s3);
  const python = await context.pythonFor(request.AlgorithmSpecification!.TrainingImage);
  if (run.stopCause !== undefined) return;

  enter(context, record, 'Training', 'Training image download completed. Training in progress.');
  record.started = now();
  const ownCommand = [...(entrypoint ?? []), ...(request.AlgorithmSpecification!.ContainerArguments ?? [])];
  const script =
    entrypoint === undefined
      ? [join(CONTAINERS, 'train.py'), root]
      : [join(CONTAINERS, 'run_command.py'), ...localCommand(ownCommand, root, python)];
  const result = await run.execute(
    {
      program: python,
      args: script,
      cwd: root,
      env: context.containerEnvironment(python, {
        TRAINING_JOB_NAME: request.TrainingJobName!,
        TRAINING_JOB_ARN: record.arn,
        ...localEnvironment(request.Environment, root),
      }),
      logFile: record.logFile,
      onLine: (line) => collectMetrics(record, line),
    },
    request.StoppingCondition?.MaxRuntimeInSeconds ?? DEFAULT_MAX_RUNTIME_SECONDS,
  );
  record.ended = now();
  if (run.stopCause === 'server-closed') return;
  if (result.end.code !== 0 && run.stopCause === undefined) {
    const written = await readFile(join(root, 'output/failure'), 'utf8').catch(() => '');
    const status = result.end.code === null ? `signal ${result.end.signal}` : `exit code: ${result.end.code}`;
    throw new JobFailure(`AlgorithmError: ${written || result.tail}, ${status}`);
  }
  enter(context, record, 'Uploading', 'Uploading generated training model');
  await upload(context, record, root);
}

async function upload(context: Context, record: TrainingJobRecord, root: string): Promise<void> {
  const { request } = record;
  if (request.CheckpointConfig !== undefined) {
    await context.s3.upload(checkpointFolder(request, root), request.CheckpointConfig.S3Uri!.replace(/\/?$/, '/'));
  }
  const base = `${request.OutputDataConfig!.S3OutputPath!.replace(/\/$/, '')}/${request.TrainingJobName}/output`;
  const hasOutput = (await filesBelow(join(root, 'output/data'))).length > 0;
  if (request.OutputDataConfig!.CompressionType === 'NONE') {
    await context.s3.upload(join(root, 'model'), `${base}/model/`);
    if (hasOutput) await context.s3.upload(join(root, 'output/data'), `${base}/data/`);
    record.artifacts = `${base}/model`;
  } else {
    await context.s3.uploadArchive(join(root, 'model'), `${base}/model.tar.gz`, join(root, 'model.tar.gz'));
    if (hasOutput)
      await context.s3.uploadArchive(join(root, 'output/data'), `${base}/output.tar.gz`, join(root, 'output.tar.gz'));
    record.artifacts = `${base}/model.tar.gz`;
  }
}

function collectMetrics(record: TrainingJobRecord, line: string): void {
  for (const { Name, Regex } of record.request.AlgorithmSpecification!.MetricDefinitions ?? []) {
    const value = Number(new RegExp(Regex!).exec(line)?.[1] ?? NaN);
    if (Number.isFinite(value)) record.metrics[Name!] = { value, time: now() };
  }
}

function finishStopped(context: Context, record: TrainingJobRecord, run: JobRun): void {
  if (run.stopCause === 'server-closed') {
    record.failureReason = 'InternalServerError: the local SageMaker was closed while the job ran; start it again';
    return finish(context, record, 'Failed', 'Failed', 'Training job failed');
  }
  if (run.stopCause === 'max-runtime') {
    return finish(
      context,
      record,
      'Stopped',
      'MaxRuntimeExceeded',
      'Training job runtime exceeded MaxRuntimeInSeconds provided',
    );
  }
  finish(context, record, 'Stopped', 'Stopped', 'Training job stopped');
}

function finish(
  context: Context,
  record: TrainingJobRecord,
  status: TrainingJobRecord['status'],
  secondary: string,
  message: string,
): void {
  record.status = status;
  record.ended ??= now();
  enter(context, record, secondary, message);
  record.transitions.at(-1)!.EndTime = now();
  context.log(
    `training job ${record.request.TrainingJobName}: ${secondary}${record.failureReason === undefined ? '' : ` (${record.failureReason})`}`,
  );
  context.save();
}

/** Moves the job on to its next secondary status. */
export function enter(context: Context, record: TrainingJobRecord, secondary: string, message: string): void {
  const time = now();
  const last = record.transitions.at(-1);
  if (last !== undefined) last.EndTime ??= time;
  record.transitions.push({ Status: secondary, StartTime: time, StatusMessage: message });
  record.secondaryStatus = secondary;
  record.modified = time;
  context.save();
}
