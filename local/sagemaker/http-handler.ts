import { randomUUID } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from './api/api-error';
import { Operation } from './api/operation';
import { MAX_INVOCATION_BYTES } from './endpoints/invocation';
import { isOwnHost } from './system/own-host';

const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
const JSON_TYPE = 'application/x-amz-json-1.1';

/** Takes a request whose answer comes later. */
export type Accept = (
  name: string,
  headers: IncomingMessage['headers'],
) => { headers: Record<string, string>; body: Buffer };

export type Invoke = (
  name: string,
  headers: IncomingMessage['headers'],
  body: Buffer,
) => Promise<{ headers: Record<string, string>; body: Buffer }>;

/** Speaks both protocols on one port: AWS JSON 1.1 for the API, REST for invocations. Signatures are not checked. */
export function createHandler(
  operations: Readonly<Record<string, Operation>>,
  invoke: Invoke,
  accept: Accept,
  log: (line: string) => void,
  listening: string,
) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = request.headers['x-amz-target'];
    const isApi = typeof target === 'string';
    try {
      const { host } = request.headers;
      if (!isOwnHost(host, listening)) {
        throw new ApiError(
          'AccessDeniedException',
          `the local SageMaker answers requests to localhost and to addresses only, received the host ${host}; ask it by the address that it was started with`,
          403,
        );
      }
      if (isApi) return answerJson(response, 200, (await callOperation(operations, target, request)) ?? {});
      const place = /^\/endpoints\/([^/?]+)\/(async-)?invocations(?:\?|$)/.exec(request.url ?? '');
      if (request.method !== 'POST' || place === null) {
        throw new ApiError(
          'UnknownOperationException',
          `${request.method} ${request.url} is no operation of the local SageMaker`,
          404,
        );
      }
      const body = await readBody(request, MAX_INVOCATION_BYTES);
      const [name, isAsync] = [decodeURIComponent(place[1]), place[2] !== undefined];
      const answer = isAsync ? accept(name, request.headers) : await invoke(name, request.headers, body);
      response.writeHead(isAsync ? 202 : 200, {
        ...answer.headers,
        'x-amzn-requestid': randomUUID(),
        'content-length': answer.body.length,
      });
      response.end(answer.body);
    } catch (error) {
      answerError(response, error, isApi, log);
    }
  };
}

async function callOperation(
  operations: Readonly<Record<string, Operation>>,
  target: string,
  request: IncomingMessage,
): Promise<unknown> {
  const name = target.replace(/^(SageMaker|AnyScaleFrontendService)\./, '');
  if (!Object.hasOwn(operations, name)) {
    throw new ApiError(
      'UnknownOperationException',
      `the local SageMaker has no ${name}; it has ${Object.keys(operations).sort().join(', ')}`,
    );
  }
  const text = (await readBody(request, MAX_REQUEST_BYTES)).toString('utf8');
  let input: unknown;
  try {
    input = text === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw new ApiError('SerializationException', `the request is not JSON: ${(error as Error).message}`);
  }
  return operations[name](input);
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // The rest is read and dropped, so that the caller gets the answer rather than a broken connection.
    if (length <= maxBytes) chunks.push(chunk);
  }
  if (length > maxBytes)
    throw new ApiError('ValidationError', `the body has ${length} bytes, and at most ${maxBytes} are allowed`, 413);
  return Buffer.concat(chunks);
}

function answerJson(response: ServerResponse, status: number, body: unknown): void {
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': JSON_TYPE,
    'content-length': text.length,
    'x-amzn-requestid': randomUUID(),
  });
  response.end(text);
}

function answerError(response: ServerResponse, error: unknown, isApi: boolean, log: (line: string) => void): void {
  let known = error as ApiError;
  if (!(error instanceof ApiError)) {
    log(`internal error: ${(error as Error).stack}`);
    known = new ApiError('InternalFailure', (error as Error).message, 500);
  }
  if (response.headersSent) return void response.destroy();
  const { code, message, status, fields } = known;
  if (!isApi) response.setHeader('x-amzn-errortype', code);
  const body = isApi ? { __type: code, message } : { ErrorCode: code, Message: message, message, ...fields };
  answerJson(response, status, body);
}
