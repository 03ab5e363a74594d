import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { parseS3Uri } from './s3-location';
import { formatTable } from './table';

interface Measured {
  /** Share of right answers on the held-out set, 0 to 1. */
  readonly accuracy: number;
  readonly bytes: number;
  /** Median of single predictions. */
  readonly latency_ms: number;
  /** What else an example measures, by its name there: numbers of which more is better or less is. */
  readonly [further: string]: number;
}

/** What an example's `evaluation/evaluate.py` writes into `metrics.json`. */
export interface Metrics {
  readonly held_out: number;
  readonly raw: Measured;
  readonly compressed: Measured;
}

const SHOWN = ['accuracy', 'bytes', 'latency_ms'];

/** Reads what the build machine's evaluation wrote. */
export async function readMetrics(s3: S3Client, evaluation: string): Promise<Metrics> {
  const { bucket, key } = parseS3Uri(evaluation);
  const metrics = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: `${key}metrics.json` }));
  return JSON.parse((await metrics.Body?.transformToString()) ?? '') as Metrics;
}

/** The table for people. Sizes are of the model file, accuracy on the held-out set, latency the median on this machine. */
export function formatMetrics(metrics: Metrics): string {
  const { raw, compressed, held_out: heldOut } = metrics;
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
    ...furtherRows(metrics),
  ]);
}

/** Names of what an example measures of both models beside accuracy, size and latency. */
export function furtherMetrics({ raw, compressed }: Metrics): string[] {
  return Object.keys(raw).filter((name) => !SHOWN.includes(name) && name in compressed);
}

/** Metrics of the example's own, as they are: their unit is their affair. */
function furtherRows(metrics: Metrics): string[][] {
  const { raw, compressed } = metrics;
  return furtherMetrics(metrics).map((name) => [
    name,
    raw[name].toFixed(4),
    compressed[name].toFixed(4),
    signed(compressed[name] - raw[name], 4),
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
