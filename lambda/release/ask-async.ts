import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { InvokeEndpointAsyncCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { isAnswer } from '../engine/io/s3-answer';
import { parseS3Address } from '../engine/io/location';
import { Ask } from './ask';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

export interface AskAsyncOptions {
  readonly runtime: SageMakerRuntimeClient;
  readonly s3: S3Client;
  readonly endpointName: string;
  /** Folder for requests, `s3://bucket/prefix/`. */
  readonly requests: string;
  /** When to give up waiting, in milliseconds since 1970. An endpoint without an instance takes minutes to get one. */
  readonly deadline: number;
}

/** Asks an endpoint that takes requests from S3 and puts the answers there. */
export function askAsync({ runtime, s3, endpointName, requests, deadline }: AskAsyncOptions): Ask {
  return async ({ body, contentType, accept }) => {
    const { bucket, prefix } = parseS3Address(requests);
    const key = `${prefix}smoke-test/${randomUUID()}`;
    await s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.from(body, 'base64'), ContentType: contentType }),
    );
    const sent = await runtime.send(
      new InvokeEndpointAsyncCommand({
        EndpointName: endpointName,
        ContentType: contentType,
        Accept: accept,
        InputLocation: `s3://${bucket}/${key}`,
      }),
    );
    let pause = FIRST_PAUSE_MS;
    for (;;) {
      const answer = await read(s3, sent.OutputLocation);
      if (answer !== undefined) return { body: answer };
      const failure = await read(s3, sent.FailureLocation);
      if (failure !== undefined) return { problem: `the endpoint failed: ${failure.toString()}` };
      if (Date.now() + pause > deadline) return { problem: `no answer came at ${sent.OutputLocation} in time` };
      await sleep(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
  };
}

async function read(s3: S3Client, address: string | undefined): Promise<Buffer | undefined> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(address ?? '') ?? [];
  if (Bucket === undefined) return undefined;
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from(await Body!.transformToByteArray());
  } catch (error) {
    if (isAnswer(error, 404)) return undefined;
    throw error;
  }
}
