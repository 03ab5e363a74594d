import { randomUUID } from 'node:crypto';
import { IncomingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { PublishCommand } from '@aws-sdk/client-sns';
import { ApiError } from '../api/api-error';
import { Context } from '../system/context';
import { countRequest } from './count-request';
import { EndpointMetrics } from './endpoint-metrics';
import { Endpoints } from './endpoints';
import { LiveEndpoint } from './live-endpoint';
import { ScalableTargets } from './scalable-targets';
import { ContainerAnswer, NoAnswerError } from './serving-process';

const MAX_INPUT_BYTES = 1024 ** 3;
const DEFAULT_TTL_SECONDS = 6 * 3600;
const DEFAULT_TIMEOUT_SECONDS = 900;
const DEFAULT_CONCURRENCY = 4;
const PAUSE_MS = 50;

/** A request that waits for its turn, or is being worked on. */
interface Pending {
  readonly endpoint: string;
  readonly id: string;
  readonly input: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly attributes?: string;
  readonly output: string;
  readonly failure: string;
  readonly received: Date;
  readonly deadline: number;
  readonly timeoutMs: number;
}

/**
 * InvokeEndpointAsync: takes the address of a request, answers at once with the address that the answer will have, and
 * works through what waits as the endpoint's instances allow. What waits ends with the server.
 */
export class AsyncInvocations {
  private readonly working = new Map<string, number>();
  private readonly pending = new Set<Promise<void>>();
  private isClosed = false;

  constructor(
    private readonly context: Context,
    private readonly endpoints: Endpoints,
    private readonly metrics: EndpointMetrics,
    private readonly targets: ScalableTargets,
  ) {}

  /** @throws ApiError ValidationError. */
  accept(name: string, headers: IncomingHttpHeaders): { headers: Record<string, string>; body: Buffer } {
    const header = (key: string): string | undefined => {
      const value = headers[`x-amzn-sagemaker-${key}`];
      return typeof value === 'string' ? value : undefined;
    };
    const config = this.find(name).record.fleet?.asyncInference;
    if (config === undefined) {
      throw new ApiError(
        'ValidationError',
        `Endpoint ${name} of account ${this.context.account} is not an asynchronous inference endpoint.`,
      );
    }
    const input = header('inputlocation');
    if (input === undefined || !/^s3:\/\/[^/]+\/./s.test(input))
      throw new ApiError('ValidationError', `InputLocation must be an S3 address, received: ${input}`);
    const id = header('inference-id') ?? randomUUID();
    const { S3OutputPath, S3FailurePath } = config.OutputConfig!;
    const file = randomUUID();
    const place = (folder: string, ending: string): string => `${folder.replace(/\/$/, '')}/${file}${ending}`;
    const output = place(S3OutputPath!, '.out');
    const failure = place(S3FailurePath ?? S3OutputPath!, '-error.out');
    this.start({
      endpoint: name,
      id,
      input,
      contentType: header('content-type'),
      accept: header('accept'),
      attributes: header('custom-attributes'),
      output,
      failure,
      received: new Date(),
      deadline: Date.now() + Number(header('requestttlseconds') ?? DEFAULT_TTL_SECONDS) * 1000,
      timeoutMs: Number(header('invocationtimeoutseconds') ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
    });
    return {
      headers: {
        'content-type': 'application/json',
        'x-amzn-sagemaker-outputlocation': output,
        'x-amzn-sagemaker-failurelocation': failure,
      },
      body: Buffer.from(JSON.stringify({ InferenceId: id })),
    };
  }

  /** Lets go of what waits. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all(this.pending);
  }

  private start(request: Pending): void {
    const work = this.work(request)
      .catch((error: Error) => this.context.log(`the request ${request.id} was lost: ${error.message}`))
      .finally(() => this.pending.delete(work));
    this.pending.add(work);
  }

  private async work(request: Pending): Promise<void> {
    let answer: ContainerAnswer | string | undefined;
    while (answer === undefined) {
      if (this.isClosed) return;
      if (Date.now() > request.deadline) answer = 'The request expired before an instance could work on it.';
      else answer = await this.tryOnce(request);
      if (answer === undefined) await sleep(PAUSE_MS);
    }
    if (typeof answer === 'string' || answer.status >= 400) return this.fail(request, answer);
    await this.context.s3.putBytes(request.output, answer.body, answer.headers['content-type']);
    await this.tell(request, 'SuccessTopic', {
      invocationStatus: 'Completed',
      responseParameters: { contentType: answer.headers['content-type'], outputLocation: request.output },
    });
  }

  /** Undefined while there is no room; a sentence where no container ever answered. */
  private async tryOnce(request: Pending): Promise<ContainerAnswer | string | undefined> {
    const endpoint = this.endpoints.serving(request.endpoint);
    if (endpoint === undefined) return 'The endpoint is gone.';
    if (endpoint.isAsleep) this.targets.wake(`endpoint/${request.endpoint}`);
    const variant = endpoint.route();
    if (variant === undefined || !this.takeRoom(endpoint)) return undefined;
    const start = performance.now();
    try {
      const body = await this.context.s3.getBytes(request.input, MAX_INPUT_BYTES);
      const headers = {
        'content-type': request.contentType ?? 'application/octet-stream',
        ...(request.accept === undefined ? {} : { accept: request.accept }),
        ...(request.attributes === undefined ? {} : { 'x-amzn-sagemaker-custom-attributes': request.attributes }),
      };
      const answer = await variant.process.invoke(headers, body, request.timeoutMs);
      this.count(request.endpoint, variant.name, answer.status, start);
      return answer;
    } catch (error) {
      if (error instanceof NoAnswerError && error.untouched) return undefined;
      this.count(request.endpoint, variant.name, 500, start);
      return (error as Error).message;
    } finally {
      this.working.set(request.endpoint, this.working.get(request.endpoint)! - 1);
    }
  }

  private count(endpoint: string, variant: string, status: number, start: number): void {
    countRequest(this.context, this.metrics, endpoint, variant, status, start);
  }

  private takeRoom({ record }: LiveEndpoint): boolean {
    const most = record.fleet?.asyncInference?.ClientConfig?.MaxConcurrentInvocationsPerInstance;
    const now = this.working.get(record.name) ?? 0;
    if (now >= (most ?? DEFAULT_CONCURRENCY)) return false;
    this.working.set(record.name, now + 1);
    return true;
  }

  private async fail(request: Pending, answer: ContainerAnswer | string): Promise<void> {
    const reason = typeof answer === 'string' ? answer : answer.body.toString('utf8');
    await this.context.s3.putBytes(request.failure, Buffer.from(reason), 'text/plain');
    await this.tell(request, 'ErrorTopic', {
      invocationStatus: 'Failed',
      failureReason: reason.slice(0, 1024),
      responseParameters: { failureLocation: request.failure },
    });
  }

  private async tell(request: Pending, topic: 'SuccessTopic' | 'ErrorTopic', what: object): Promise<void> {
    const config = this.endpoints.serving(request.endpoint)?.record.fleet?.asyncInference;
    const TopicArn = config?.OutputConfig?.NotificationConfig?.[topic];
    if (TopicArn === undefined) return;
    const message = {
      awsRegion: this.context.region,
      eventTime: new Date().toISOString(),
      receivedTime: request.received.toISOString(),
      requestParameters: {
        contentType: request.contentType,
        endpointName: request.endpoint,
        inputLocation: request.input,
      },
      ...what,
      inferenceId: request.id,
      eventVersion: '1.0',
      eventSource: 'aws:sagemaker',
      eventName: 'InferenceResult',
    };
    await this.context.sns
      .send(new PublishCommand({ TopicArn, Message: JSON.stringify(message) }))
      .catch((error: Error) => this.context.log(`nobody is told of ${request.id}: ${error.message}`));
  }

  private find(name: string): LiveEndpoint {
    const endpoint = this.endpoints.serving(name);
    if (endpoint !== undefined) return endpoint;
    throw new ApiError('ValidationError', `Endpoint ${name} of account ${this.context.account} not found.`);
  }
}
