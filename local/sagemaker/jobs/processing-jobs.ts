import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CreateProcessingJobRequest, ListProcessingJobsRequest, ProcessingJobStatus } from '@aws-sdk/client-sagemaker';
import { resourceInUse, validationError } from '../api/api-error';
import { LISTING, NAME } from '../api/common-shapes';
import { page } from '../api/listing';
import { Operation, operation } from '../api/operation';
import { oneOf, structure } from '../api/shapes';
import { saveTags } from '../api/tags';
import { withoutTags } from '../api/without-tags';
import { Context, now } from '../system/context';
import { JobRun } from './job-run';
import { CREATE_PROCESSING_JOB } from './processing-request';
import { runProcessingJob } from './processing-runner';
import { isFinished, ProcessingJobRecord } from './records';

const BY_NAME = structure({ 'ProcessingJobName!': NAME });

/** Processing jobs: their operations and their running ones. */
export class ProcessingJobs {
  private readonly runs = new Map<string, { run: JobRun; done: Promise<void> }>();

  readonly operations: Readonly<Record<string, Operation>> = {
    CreateProcessingJob: operation(CREATE_PROCESSING_JOB, (request: CreateProcessingJobRequest) =>
      this.create(request),
    ),
    DescribeProcessingJob: operation(BY_NAME, (request: { ProcessingJobName: string }) =>
      describe(this.find(request.ProcessingJobName)),
    ),
    StopProcessingJob: operation(BY_NAME, (request: { ProcessingJobName: string }) =>
      this.stop(request.ProcessingJobName),
    ),
    ListProcessingJobs: operation(
      structure({ ...LISTING, StatusEquals: oneOf(...Object.values(ProcessingJobStatus)) }),
      (request: ListProcessingJobsRequest) => this.list(request),
    ),
  };

  constructor(private readonly context: Context) {
    rmSync(join(context.options.stateDir, 'processing'), { recursive: true, force: true });
    for (const record of Object.values(context.state.processingJobs)) {
      if (isFinished(record)) continue;
      record.failureReason = 'InternalServerError: the local SageMaker ended while the job ran; start it again';
      record.status = 'Failed';
      record.ended = record.modified = now();
    }
  }

  /** Ends every running job. */
  async close(): Promise<void> {
    for (const { run } of this.runs.values()) run.stop('server-closed');
    await Promise.all([...this.runs.values()].map(({ done }) => done));
  }

  private create(request: CreateProcessingJobRequest): object {
    const name = request.ProcessingJobName!;
    const existing = this.context.state.processingJobs[name];
    if (existing !== undefined) {
      throw resourceInUse(
        `Processing job names must be unique within an AWS account and region, and a processing job with this name already exists (${existing.arn})`,
      );
    }
    const arn = this.context.arn('processing-job', name);
    const logFile = join(this.context.options.stateDir, 'logs/processing', `${name}.log`);
    const record: ProcessingJobRecord = {
      arn,
      request,
      created: now(),
      modified: now(),
      status: 'InProgress',
      logFile,
    };
    this.context.state.processingJobs[name] = record;
    saveTags(this.context, arn, request.Tags);
    this.context.save();
    const run = new JobRun();
    const done = runProcessingJob(this.context, record, run).finally(() => this.runs.delete(name));
    this.runs.set(name, { run, done });
    return { ProcessingJobArn: arn };
  }

  private stop(name: string): object {
    const record = this.find(name);
    if (isFinished(record)) {
      throw validationError(`The request was rejected because the processing job is in status ${record.status}.`);
    }
    record.status = 'Stopping';
    record.modified = now();
    this.context.save();
    this.runs.get(name)?.run.stop('requested');
    return {};
  }

  private list(request: ListProcessingJobsRequest): object {
    const entries = Object.entries(this.context.state.processingJobs).map(([name, record]) => ({ ...record, name }));
    const { page: found, ...next } = page(entries, request);
    return {
      ProcessingJobSummaries: found.map((record) => ({
        ProcessingJobName: record.name,
        ProcessingJobArn: record.arn,
        CreationTime: record.created,
        LastModifiedTime: record.modified,
        ProcessingEndTime: record.ended,
        ProcessingJobStatus: record.status,
        FailureReason: record.failureReason,
        ExitMessage: record.exitMessage,
      })),
      ...next,
    };
  }

  private find(name: string): ProcessingJobRecord {
    const record = this.context.state.processingJobs[name];
    if (record === undefined) throw validationError('Requested resource not found.');
    return record;
  }
}

function describe(record: ProcessingJobRecord): object {
  const request = withoutTags(record.request);
  return {
    ...request,
    ProcessingJobArn: record.arn,
    ProcessingJobStatus: record.status,
    CreationTime: record.created,
    LastModifiedTime: record.modified,
    ProcessingStartTime: record.started,
    ProcessingEndTime: record.ended,
    FailureReason: record.failureReason,
    ExitMessage: record.exitMessage,
  };
}
