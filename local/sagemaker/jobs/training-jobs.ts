import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CreateTrainingJobRequest, ListTrainingJobsRequest, TrainingJobStatus } from '@aws-sdk/client-sagemaker';
import { resourceInUse, validationError } from '../api/api-error';
import { LISTING, NAME } from '../api/common-shapes';
import { page } from '../api/listing';
import { Operation, operation } from '../api/operation';
import { oneOf, structure } from '../api/shapes';
import { saveTags } from '../api/tags';
import { withoutTags } from '../api/without-tags';
import { Context, now } from '../system/context';
import { JobRun } from './job-run';
import { isFinished, TrainingJobRecord } from './records';
import { checkTrainingRequest, CREATE_TRAINING_JOB } from './training-request';
import { enter, runTrainingJob } from './training-runner';

const BY_NAME = structure({ 'TrainingJobName!': NAME });

/** Training jobs: their operations and their running ones. */
export class TrainingJobs {
  private readonly runs = new Map<string, { run: JobRun; done: Promise<void> }>();

  readonly operations: Readonly<Record<string, Operation>> = {
    CreateTrainingJob: operation(CREATE_TRAINING_JOB, (request: CreateTrainingJobRequest) => this.create(request)),
    DescribeTrainingJob: operation(BY_NAME, ({ TrainingJobName }: { TrainingJobName: string }) =>
      describe(this.find(TrainingJobName)),
    ),
    StopTrainingJob: operation(BY_NAME, ({ TrainingJobName }: { TrainingJobName: string }) =>
      this.stop(TrainingJobName),
    ),
    ListTrainingJobs: operation(
      structure({ ...LISTING, StatusEquals: oneOf(...Object.values(TrainingJobStatus)) }),
      (request: ListTrainingJobsRequest) => this.list(request),
    ),
  };

  constructor(private readonly context: Context) {
    rmSync(join(context.options.stateDir, 'training'), { recursive: true, force: true });
    for (const record of Object.values(context.state.trainingJobs)) {
      if (isFinished(record)) continue;
      record.failureReason = 'InternalServerError: the local SageMaker ended while the job ran; start it again';
      record.status = 'Failed';
      record.ended = now();
      enter(context, record, 'Failed', 'Training job failed');
    }
  }

  /** Ends every running job. */
  async close(): Promise<void> {
    for (const { run } of this.runs.values()) run.stop('server-closed');
    await Promise.all([...this.runs.values()].map(({ done }) => done));
  }

  private create(request: CreateTrainingJobRequest): object {
    checkTrainingRequest(request);
    const name = request.TrainingJobName!;
    const existing = this.context.state.trainingJobs[name];
    if (existing !== undefined) {
      throw resourceInUse(
        `Training job names must be unique within an AWS account and region, and a training job with this name already exists (${existing.arn})`,
      );
    }
    const arn = this.context.arn('training-job', name);
    const record: TrainingJobRecord = {
      arn,
      request,
      created: now(),
      modified: now(),
      status: 'InProgress',
      secondaryStatus: 'Starting',
      transitions: [],
      metrics: {},
      logFile: join(this.context.options.stateDir, 'logs/training', `${name}.log`),
    };
    this.context.state.trainingJobs[name] = record;
    saveTags(this.context, arn, request.Tags);
    enter(this.context, record, 'Starting', 'Starting the training job');
    const run = new JobRun();
    const done = runTrainingJob(this.context, record, run).finally(() => this.runs.delete(name));
    this.runs.set(name, { run, done });
    return { TrainingJobArn: arn };
  }

  private stop(name: string): object {
    const record = this.find(name);
    if (isFinished(record)) {
      throw validationError(`The request was rejected because the training job is in status ${record.status}.`);
    }
    record.status = 'Stopping';
    enter(this.context, record, 'Stopping', 'Stopping the training job');
    this.runs.get(name)?.run.stop('requested');
    return {};
  }

  private list(request: ListTrainingJobsRequest): object {
    const entries = Object.entries(this.context.state.trainingJobs).map(([name, record]) => ({ ...record, name }));
    const { page: found, ...next } = page(entries, request);
    return {
      TrainingJobSummaries: found.map((record) => ({
        TrainingJobName: record.name,
        TrainingJobArn: record.arn,
        CreationTime: record.created,
        LastModifiedTime: record.modified,
        TrainingEndTime: record.ended,
        TrainingJobStatus: record.status,
        SecondaryStatus: record.secondaryStatus,
      })),
      ...next,
    };
  }

  private find(name: string): TrainingJobRecord {
    const record = this.context.state.trainingJobs[name];
    if (record === undefined) throw validationError('Requested resource not found.');
    return record;
  }
}

function describe(record: TrainingJobRecord): object {
  const request = withoutTags(record.request);
  const seconds = record.started === undefined ? undefined : Math.ceil((record.ended ?? now()) - record.started);
  return {
    ...request,
    TrainingJobArn: record.arn,
    TrainingJobStatus: record.status,
    SecondaryStatus: record.secondaryStatus,
    SecondaryStatusTransitions: record.transitions,
    CreationTime: record.created,
    LastModifiedTime: record.modified,
    TrainingStartTime: record.started,
    TrainingEndTime: record.ended,
    TrainingTimeInSeconds: seconds,
    BillableTimeInSeconds: record.ended === undefined ? undefined : seconds,
    FailureReason: record.failureReason,
    ModelArtifacts: record.artifacts === undefined ? undefined : { S3ModelArtifacts: record.artifacts },
    FinalMetricDataList: Object.entries(record.metrics).map(([MetricName, { value, time }]) => ({
      MetricName,
      Value: value,
      Timestamp: time,
    })),
  };
}
