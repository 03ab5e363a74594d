import { BYTES_PER_SECOND } from '../lambda/support/throughput';

/** Memory of a compressing function as ModelCompressor makes it, in GB. */
const MEMORY_GB = 3008 / 1024;
/** Start of a function and its first request, in seconds. */
const START_SECONDS = 1;
/** US East, arm64, in dollars. */
const DOLLARS_PER_GB_SECOND = 0.0000133334;

/** What a build would take in Lambda. */
export interface LambdaEstimate {
  readonly workers: number;
  /** Of all workers together. */
  readonly seconds: number;
  readonly dollars: number;
}

/** Estimates the functions' time from the bytes that they read; requests and state transitions are not counted. */
export function estimateLambda(workers: number, bytesRead: number): LambdaEstimate {
  const seconds = workers * START_SECONDS + bytesRead / BYTES_PER_SECOND;
  return {
    workers,
    seconds: Math.round(seconds * 10) / 10,
    dollars: Number((seconds * MEMORY_GB * DOLLARS_PER_GB_SECOND).toPrecision(3)),
  };
}
