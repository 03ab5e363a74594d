import { ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cleanPythonEnvironment } from '../../local/python/pip-install';

const KEPT_LINES = 20;

/** Hides accelerators: the comparison is between processors. */
const CPU_ONLY = { CUDA_VISIBLE_DEVICES: '' };

/** A Python process with the peers' libraries that answers one request at a time, and does nothing in between. */
export class PeerProcess {
  private readonly tail: string[] = [];
  private waiting: { resolve: (answer: PeerAnswer) => void; reject: (error: Error) => void } | undefined;

  private constructor(private readonly child: ChildProcess) {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const waiting = this.waiting;
      this.waiting = undefined;
      waiting?.resolve(JSON.parse(line) as PeerAnswer);
    });
    createInterface({ input: child.stderr! }).on('line', (line) => {
      this.tail.push(line);
      if (this.tail.length > KEPT_LINES) this.tail.shift();
    });
    child.on('error', (error) => this.waiting?.reject(error));
    child.on('close', (code, signal) =>
      this.waiting?.reject(new Error(`the peers' Python ended with ${code ?? signal}:\n${this.tail.join('\n')}`)),
    );
  }

  /** @param threads threads that torch may use */
  static async start(python: string, threads: number): Promise<PeerProcess> {
    const env = { ...cleanPythonEnvironment(), ...CPU_ONLY, OMP_NUM_THREADS: String(threads) };
    const child = spawn(python, [join(__dirname, 'peer.py')], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    const peer = new PeerProcess(child);
    await peer.ask({ do: 'threads', threads });
    return peer;
  }

  /** @throws Error with what Python said when the request fails. */
  async ask(request: PeerRequest): Promise<PeerAnswer> {
    const answer = await new Promise<PeerAnswer>((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.child.stdin!.write(`${JSON.stringify(request)}\n`);
    });
    if (answer.error !== undefined) throw new Error(`the peer failed at ${JSON.stringify(request)}:\n${answer.error}`);
    return answer;
  }

  stop(): void {
    this.child.kill();
  }
}

export type PeerRequest =
  | { readonly do: 'threads'; readonly threads: number }
  | { readonly do: 'versions' }
  | { readonly do: 'load'; readonly file: string; readonly rows: number; readonly columns: number }
  | { readonly do: 'compress'; readonly scheme: string; readonly observer?: string; readonly digests?: boolean }
  | {
      readonly do: 'model_free_ptq';
      readonly source: string;
      readonly destination: string;
      readonly scheme: string;
      readonly ignore: readonly string[];
      readonly workers: number;
    };

export interface PeerAnswer {
  readonly error?: string;
  /** How long the work took, without what prepared it. */
  readonly seconds?: number;
  /** SHA-256 of each tensor, by its name's last part. */
  readonly digests?: Readonly<Record<string, string>>;
  readonly versions?: Readonly<Record<string, string>>;
}
