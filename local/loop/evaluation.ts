import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateProcessingJobCommand,
  DescribeProcessingJobCommand,
  ProcessingInput,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCOUNT } from '../aws/local-aws';
import { indent } from '../log-tail';
import { formatTable } from './table';

const POLL = 250;
const BASE = '/opt/ml/processing';
/** The container that evaluates; the local SageMaker runs any Python image with the project's environment. */
const IMAGE = '763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.19.0-cpu-py312-ubuntu22.04-sagemaker';

interface Measured {
  /** Share of right answers on the held-out set, 0 to 1. */
  readonly accuracy: number;
  readonly bytes: number;
  /** Median of single predictions. */
  readonly latency_ms: number;
}

/** What an example's `evaluation/evaluate.py` writes into `metrics.json`. */
export interface Metrics {
  readonly held_out: number;
  readonly raw: Measured;
  readonly compressed: Measured;
}

export interface EvaluationOptions {
  readonly s3: S3Client;
  readonly sageMaker: SageMakerClient;
  readonly bucket: string;
  /** Folder with `evaluate.py`. */
  readonly code: string;
  /** Address of what training produced, `s3://…/`. */
  readonly raw: string;
  /** Address of the artifact, `s3://…/`. */
  readonly compressed: string;
  /** A name for the job and its places in the bucket. */
  readonly name: string;
  readonly signal?: AbortSignal;
}

/** The evaluation job failed. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationFailed';
}

/**
 * Runs the example's evaluation as a processing job, through the API, as one would on AWS.
 *
 * @throws EvaluationError with the job's failure reason
 */
export async function evaluate(options: EvaluationOptions): Promise<Metrics> {
  const { s3, sageMaker, bucket, name, signal } = options;
  const prefix = `evaluation/${name}`;
  for (const file of readdirSync(options.code).filter((entry) => statSync(join(options.code, entry)).isFile())) {
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: `${prefix}/code/${file}`,
        Body: readFileSync(join(options.code, file)),
      }),
    );
  }
  await sageMaker.send(
    new CreateProcessingJobCommand({
      ProcessingJobName: name,
      RoleArn: `arn:aws:iam::${ACCOUNT}:role/local-evaluation`,
      AppSpecification: { ImageUri: IMAGE, ContainerEntrypoint: ['python3', `${BASE}/input/code/evaluate.py`] },
      ProcessingInputs: [
        input('code', `s3://${bucket}/${prefix}/code/`),
        input('raw', options.raw),
        input('compressed', options.compressed),
      ],
      ProcessingOutputConfig: {
        Outputs: [
          {
            OutputName: 'metrics',
            S3Output: {
              S3Uri: `s3://${bucket}/${prefix}/output`,
              LocalPath: `${BASE}/output`,
              S3UploadMode: 'EndOfJob',
            },
          },
        ],
      },
      ProcessingResources: { ClusterConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 10 } },
    }),
  );
  for (;;) {
    signal?.throwIfAborted();
    const job = await sageMaker.send(new DescribeProcessingJobCommand({ ProcessingJobName: name }));
    if (job.ProcessingJobStatus === 'Completed') break;
    if (job.ProcessingJobStatus === 'Failed' || job.ProcessingJobStatus === 'Stopped') {
      throw new EvaluationError(
        `the evaluation ${job.ProcessingJobStatus.toLowerCase()}:\n${indent(job.FailureReason ?? '')}`,
      );
    }
    await sleep(POLL);
  }
  const metrics = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: `${prefix}/output/metrics.json` }));
  return JSON.parse((await metrics.Body?.transformToString()) ?? '') as Metrics;
}

function input(name: string, uri: string): ProcessingInput {
  return {
    InputName: name,
    S3Input: { S3Uri: uri, LocalPath: `${BASE}/input/${name}`, S3DataType: 'S3Prefix', S3InputMode: 'File' },
  };
}

/** The table for people. Sizes are of the model file, accuracy on the held-out set, latency the median on this machine. */
export function formatMetrics({ raw, compressed, held_out: heldOut }: Metrics): string {
  const points = (compressed.accuracy - raw.accuracy) * 100;
  return formatTable([
    ['', 'raw', 'compressed', 'change'],
    [
      'size',
      formatBytes(raw.bytes),
      formatBytes(compressed.bytes),
      `${(raw.bytes / compressed.bytes).toFixed(2)}x smaller`,
    ],
    [
      `accuracy on ${heldOut} held-out`,
      formatShare(raw.accuracy),
      formatShare(compressed.accuracy),
      `${signed(points, 2)} points`,
    ],
    [
      'latency (median)',
      `${raw.latency_ms.toFixed(3)} ms`,
      `${compressed.latency_ms.toFixed(3)} ms`,
      `${signed((compressed.latency_ms / raw.latency_ms - 1) * 100, 0)} %`,
    ],
  ]);
}

function formatBytes(bytes: number): string {
  return `${bytes.toLocaleString('en-US')} B`;
}

function formatShare(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function signed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return value > 0 ? `+${text}` : text;
}
