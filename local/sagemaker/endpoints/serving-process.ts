import { Agent, IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONTAINERS } from '../system/container-paths';
import { ContainerProcess } from '../system/container-process';

const PING_INTERVAL_MS = 50;
const PING_TIMEOUT_MS = 2000;
const INVOCATION_TIMEOUT_MS = 60_000;
const DRAIN_MS = 60_000;
const STOP_GRACE_SECONDS = 30;
const CLOSE_GRACE_SECONDS = 1;
const MAX_BACK_OFF_MS = 30_000;
const FIRST_BACK_OFF_MS = 250;
const MAX_TAIL_CHARACTERS = 700;

export interface ServingCommand {
  readonly python: string;
  /** The program in the containers' folder. */
  readonly program: 'serve.py' | 'explain.py';
  /** Folder that the program works on; for a model's container, the one that stands for /opt/ml. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly log: (line: string) => void;
}

/** What the container answered. */
export interface ContainerAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** The container did not answer: it is down, it broke off, or it took too long. */
export class NoAnswerError extends Error {
  constructor(
    message: string,
    /** Whether the request can be sent again without being worked on twice. */
    readonly untouched: boolean,
  ) {
    super(message);
  }
}

/** One serving container: started, kept alive, drained and stopped. */
export class ServingProcess {
  private container?: ContainerProcess;
  private port?: number;
  private inFlight = 0;
  private stopping = false;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(private readonly command: ServingCommand) {}

  /**
   * Starts the container and waits until /ping answers 200.
   *
   * @throws Error telling how it ended or that it took longer than `timeoutSeconds`, with the log's tail.
   */
  async start(timeoutSeconds: number): Promise<void> {
    await this.launch(timeoutSeconds);
    void this.keepAlive(timeoutSeconds);
  }

  /** Where the container listens, `host:port`; undefined while it does not. */
  get address(): string | undefined {
    return this.port === undefined ? undefined : `127.0.0.1:${this.port}`;
  }

  async invoke(
    headers: Readonly<Record<string, string>>,
    body: Buffer,
    timeoutMs = INVOCATION_TIMEOUT_MS,
  ): Promise<ContainerAnswer> {
    if (this.port === undefined) throw new NoAnswerError('the container is being restarted', true);
    this.inFlight++;
    try {
      return await this.send('POST', '/invocations', timeoutMs, headers, body);
    } finally {
      this.inFlight--;
    }
  }

  /** Lets requests in flight finish, then stops the container. */
  async stop(): Promise<void> {
    const deadline = Date.now() + DRAIN_MS;
    while (this.inFlight > 0 && Date.now() < deadline) await sleep(20);
    await this.end(STOP_GRACE_SECONDS);
  }

  /** Stops the container at once. */
  async kill(): Promise<void> {
    await this.end(CLOSE_GRACE_SECONDS);
  }

  private async end(graceSeconds: number): Promise<void> {
    this.stopping = true;
    this.port = undefined;
    await this.container?.stop(graceSeconds);
    this.agent.destroy();
  }

  private async launch(timeoutSeconds: number): Promise<void> {
    const { python, program, root, env, logFile } = this.command;
    const container = new ContainerProcess({
      program: python,
      args: [join(CONTAINERS, program), root],
      cwd: root,
      env: { ...env, PORT_FD: '3' },
      logFile,
    });
    this.container = container;
    const deadline = Date.now() + timeoutSeconds * 1000;
    let port: number | undefined;
    container.sideChannel.setEncoding('utf8').once('data', (text: string) => (port = Number(text)));
    container.sideChannel.on('error', () => undefined);
    let end: { code: number | null; signal: string | null } | undefined;
    void container.ended.then((result) => (end = result));
    for (;;) {
      await sleep(PING_INTERVAL_MS);
      if (this.stopping) {
        await container.stop(CLOSE_GRACE_SECONDS);
        throw new Error('the container was stopped while it started');
      }
      if (end !== undefined) {
        const how = end.code === null ? `was killed by ${end.signal}` : `ended with exit code ${end.code}`;
        throw new Error(`it ${how}; ${this.tailOf(container)}`);
      }
      if (port !== undefined && (await this.ping(port))) break;
      if (Date.now() > deadline) {
        await container.stop(CLOSE_GRACE_SECONDS);
        throw new Error(`/ping did not answer 200 within ${timeoutSeconds} s; ${this.tailOf(container)}`);
      }
    }
    this.port = port;
  }

  /** Starts the container again whenever it ends, waiting longer each time it ends soon. */
  private async keepAlive(timeoutSeconds: number): Promise<void> {
    let backOff = FIRST_BACK_OFF_MS;
    while (!this.stopping) {
      const since = Date.now();
      await this.container!.ended;
      this.port = undefined;
      if (this.stopping) return;
      backOff = Date.now() - since > MAX_BACK_OFF_MS ? FIRST_BACK_OFF_MS : Math.min(backOff * 2, MAX_BACK_OFF_MS);
      this.command.log(
        `a serving container ended and is started again in ${backOff} ms; its log is ${this.command.logFile}`,
      );
      await sleep(backOff, undefined, { ref: false });
      if (this.stopping) return;
      await this.launch(timeoutSeconds).catch((error: Error) =>
        this.command.log(`a serving container failed again: ${error.message}`),
      );
    }
  }

  private tailOf(container: ContainerProcess): string {
    return `log ${this.command.logFile} ends with:\n${container.tail.slice(-MAX_TAIL_CHARACTERS) || '(nothing was logged)'}`;
  }

  private async ping(port: number): Promise<boolean> {
    try {
      return (await this.send('GET', '/ping', PING_TIMEOUT_MS, {}, Buffer.alloc(0), port)).status === 200;
    } catch {
      return false;
    }
  }

  private send(
    method: string,
    path: string,
    timeoutMs: number,
    headers: Readonly<Record<string, string>>,
    body: Buffer,
    port = this.port,
  ): Promise<ContainerAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port,
          method,
          path,
          agent: this.agent,
          headers: { ...headers, 'content-length': body.length },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('end', () =>
            resolve({ status: incoming.statusCode!, headers: incoming.headers, body: Buffer.concat(chunks) }),
          );
          incoming.on('error', (error) => fail(error));
        },
      );
      const fail = (error: NodeJS.ErrnoException): void => {
        clearTimeout(timer);
        reject(new NoAnswerError(error.message, error.code === 'ECONNREFUSED'));
      };
      const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
      outgoing.on('error', fail);
      outgoing.on('close', () => clearTimeout(timer));
      outgoing.end(body);
    });
  }
}
