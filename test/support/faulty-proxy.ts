import { createServer, IncomingMessage, request, Server, ServerResponse } from 'node:http';
import { AddressInfo } from 'node:net';

/** How a request can go wrong between a client and S3. */
export type Fault = 'error' | 'slow-down' | 'reset' | 'truncated' | 'lost-answer';

export interface FaultyProxy {
  readonly url: string;
  /** How often each fault was played. */
  readonly played: Readonly<Record<Fault, number>>;
  /** Requests that came, faulty or not. */
  readonly requests: () => number;
  close(): Promise<void>;
}

const XML = { 'content-type': 'application/xml' };

/**
 * An HTTP proxy in front of an S3 that spoils a share of the requests: answers 500 or 503, resets the connection before
 * or after the request got through, or breaks the body off. The same seed spoils the same requests.
 *
 * @param stalls - of which requests only the first bytes get through, without an answer, until the client goes away
 */
export async function startFaultyProxy(
  target: string,
  share: number,
  seed: number,
  stalls: (request: IncomingMessage) => boolean = () => false,
): Promise<FaultyProxy> {
  const played: Record<Fault, number> = { error: 0, 'slow-down': 0, reset: 0, truncated: 0, 'lost-answer': 0 };
  const random = mulberry32(seed);
  let requests = 0;
  const server = createServer((incoming, answer) => {
    requests++;
    if (stalls(incoming)) return stall(target, incoming);
    const fault = random() < share ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined;
    // A body can break off only where there is one.
    const real = fault === 'truncated' && incoming.method !== 'GET' ? 'reset' : fault;
    if (real !== undefined) played[real]++;
    handle(target, incoming, answer, real);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    played,
    requests: () => requests,
    close: () => stop(server),
  };
}

const FAULTS: readonly Fault[] = ['error', 'slow-down', 'reset', 'truncated', 'lost-answer'];

function handle(target: string, incoming: IncomingMessage, answer: ServerResponse, fault: Fault | undefined): void {
  if (fault === 'reset') {
    incoming.socket.destroy();
    return;
  }
  if (fault === 'error' || fault === 'slow-down') {
    incoming.resume();
    incoming.on('end', () => {
      answer.writeHead(fault === 'error' ? 500 : 503, XML);
      answer.end(`<Error><Code>${fault === 'error' ? 'InternalError' : 'SlowDown'}</Code><Message>x</Message></Error>`);
    });
    return;
  }
  const onward = request(
    new URL(incoming.url ?? '/', target),
    { method: incoming.method, headers: incoming.headers },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        if (fault === 'lost-answer') {
          incoming.socket.destroy();
          return;
        }
        const body = Buffer.concat(chunks);
        answer.writeHead(response.statusCode ?? 500, response.headers);
        if (fault === 'truncated' && body.length > 1) {
          answer.write(body.subarray(0, body.length >> 1), () => incoming.socket.destroy());
        } else {
          answer.end(body);
        }
      });
    },
  );
  onward.on('error', () => incoming.socket.destroy());
  incoming.pipe(onward);
}

function stall(target: string, incoming: IncomingMessage): void {
  const onward = request(new URL(incoming.url ?? '/', target), { method: incoming.method, headers: incoming.headers });
  onward.on('error', () => undefined);
  incoming.once('data', (bytes: Buffer) => {
    incoming.pause();
    onward.write(bytes);
  });
  incoming.on('close', () => onward.destroy());
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** A small generator of uniform numbers from 0 to 1 that a seed fixes. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
