import { CreateProcessingJobRequest, CreateTrainingJobRequest } from '@aws-sdk/client-sagemaker';

/** One entry of a training job's history; times in seconds since 1970. */
export interface Transition {
  Status: string;
  StartTime: number;
  EndTime?: number;
  StatusMessage: string;
}

/** What is kept of a training job. */
export interface TrainingJobRecord {
  readonly arn: string;
  readonly request: CreateTrainingJobRequest;
  readonly created: number;
  modified: number;
  status: 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';
  secondaryStatus: string;
  readonly transitions: Transition[];
  started?: number;
  ended?: number;
  failureReason?: string;
  artifacts?: string;
  metrics: Record<string, { value: number; time: number }>;
  readonly logFile: string;
}

/** What is kept of a processing job. */
export interface ProcessingJobRecord {
  readonly arn: string;
  readonly request: CreateProcessingJobRequest;
  readonly created: number;
  modified: number;
  status: 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';
  started?: number;
  ended?: number;
  failureReason?: string;
  exitMessage?: string;
  readonly logFile: string;
}

export const isFinished = (record: { status: string }): boolean =>
  ['Completed', 'Failed', 'Stopped'].includes(record.status);
