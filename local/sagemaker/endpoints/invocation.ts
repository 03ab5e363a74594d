import { IncomingHttpHeaders } from 'node:http';
import { performance } from 'node:perf_hooks';
import { ApiError } from '../api/api-error';
import { Context } from '../system/context';
import { askVariant, ENABLE_EXPLANATIONS, failedContainer } from './ask-variant';
import { countRequest } from './count-request';
import { DataCapture } from './data-capture';
import { Endpoints } from './endpoints';
import { mirrorRequest } from './mirror-request';
import { pickTarget, TargetParts, unavailable } from './pick-target';
import { OF_COMPONENT } from './recent-requests';
import { ContainerAnswer, NoAnswerError } from './serving-process';

export const MAX_INVOCATION_BYTES = 6_291_456;

/** Headers of InvokeEndpoint that the container gets to see. */
const FORWARDED = ['content-type', 'accept', 'x-amzn-sagemaker-custom-attributes', 'x-amzn-sagemaker-inference-id'];

/** What an invocation needs of the server. */
export interface InvocationParts extends TargetParts {
  readonly endpoints: Endpoints;
  readonly capture: DataCapture;
}

/**
 * InvokeEndpoint.
 *
 * @throws ApiError ValidationError, ModelError or ServiceUnavailable.
 */
export async function invokeEndpoint(
  { context, endpoints, components, targets, metrics, capture }: InvocationParts,
  name: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
): Promise<{ headers: Record<string, string>; body: Buffer }> {
  const endpoint = endpoints.serving(name);
  if (endpoint === undefined)
    throw new ApiError('ValidationError', `Endpoint ${name} of account ${context.account} not found.`);
  if (endpoint.record.fleet?.asyncInference !== undefined) {
    throw new ApiError(
      'ValidationError',
      `Endpoint ${name} of account ${context.account} is an asynchronous inference endpoint; use InvokeEndpointAsync.`,
    );
  }
  const { variant, variantName, component } = pickTarget({ context, components, targets, metrics }, endpoint, headers);
  const forwarded = Object.fromEntries(
    FORWARDED.flatMap((header): [string, string][] =>
      typeof headers[header] === 'string' ? [[header, headers[header]]] : [],
    ),
  );
  const start = performance.now();
  const count = (status: number): void => {
    countRequest(context, metrics, name, variantName, status, start);
    if (component !== undefined) countRequest(context, metrics, component, OF_COMPONENT, status, start);
  };
  const sent = { 'content-type': 'application/octet-stream', ...forwarded };
  mirrorRequest({ context, metrics, capture, endpoint, variant, headers: sent, body });
  const enable = headers[ENABLE_EXPLANATIONS] as string | undefined;
  let answer: ContainerAnswer;
  try {
    answer = await askVariant(variant, sent, enable, body);
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
    count(500);
    if (error.untouched) throw unavailable(name);
    throw modelError(
      0,
      `Your invocation failed while waiting for a response from container ${variant.explainer === undefined ? 'primary' : 'explainer'}: ${error.message}`,
      context,
      name,
    );
  }
  count(answer.status);
  if (answer.status >= 400) {
    const message = answer.body.toString('utf8').slice(0, 1024);
    const container = failedContainer(variant, answer);
    if (answer.status === 400 && container === 'explainer') throw new ApiError('ValidationError', message);
    throw modelError(answer.status, message, context, name, container);
  }
  const type = answer.headers['content-type'] ?? 'application/octet-stream';
  capture.take(
    endpoint.record.fleet?.dataCapture,
    name,
    variantName,
    { type: sent['content-type'], body },
    { type, body: answer.body },
  );
  const attributes = answer.headers['x-amzn-sagemaker-custom-attributes'];
  return {
    headers: {
      'content-type': type,
      'x-amzn-invoked-production-variant': variantName,
      ...(typeof attributes === 'string' ? { 'x-amzn-sagemaker-custom-attributes': attributes } : {}),
    },
    body: answer.body,
  };
}

function modelError(status: number, message: string, context: Context, name: string, from = 'primary'): ApiError {
  const kind = status >= 400 && status < 500 ? 'client error' : 'server error';
  const place = `${context.options.stateDir}/logs/endpoints/${name}`;
  return new ApiError(
    'ModelError',
    `Received ${kind} (${status}) from ${from} with message "${message}". See ${place} for more information.`,
    424,
    { OriginalStatusCode: status, OriginalMessage: message, LogStreamArn: `file://${place}` },
  );
}
