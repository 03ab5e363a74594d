import { performance } from 'node:perf_hooks';
import { Context } from '../system/context';
import { countRequest } from './count-request';
import { DataCapture } from './data-capture';
import { EndpointMetrics } from './endpoint-metrics';
import { LiveVariant } from './fleet';
import { LiveEndpoint } from './live-endpoint';
import { NoAnswerError } from './serving-process';

export interface MirrorOptions {
  readonly context: Context;
  readonly metrics: EndpointMetrics;
  readonly capture: DataCapture;
  readonly endpoint: LiveEndpoint;
  /** The variant that answers the request. */
  readonly variant: LiveVariant;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Sends a copy of a request to the shadow of the variant that answers it, if it is to have one. What comes of it is
 * counted and may be captured; the caller neither waits for it nor hears of it.
 */
export function mirrorRequest(options: MirrorOptions): void {
  const { context, metrics, capture, endpoint, variant, headers, body } = options;
  const { name, fleet } = endpoint.record;
  const shadow = endpoint.shadowOf(variant);
  if (shadow === undefined) return;
  const start = performance.now();
  const count = (status: number): void => countRequest(context, metrics, name, shadow.name, status, start);
  shadow.process.invoke(headers, body).then(
    (answer) => {
      count(answer.status);
      if (answer.status >= 400) return;
      const input = { type: headers['content-type'], body };
      const type = answer.headers['content-type'] ?? 'application/octet-stream';
      capture.take(fleet?.dataCapture, name, shadow.name, input, { type, body: answer.body });
    },
    (error: Error) => {
      // A shadow that is down fails the request as one that breaks off does.
      if (error instanceof NoAnswerError) count(500);
      else context.log(`endpoint ${name}: a request could not be mirrored: ${error.message}`);
    },
  );
}
