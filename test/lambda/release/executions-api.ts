import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';

/** As much of the Step Functions API as Serialise asks: which executions run, and when the others ended. */
export class ExecutionsApi {
  readonly running = new Set<string>();
  readonly ended = new Map<string, Date>();
  private readonly server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { executionArn } = JSON.parse(Buffer.concat(chunks).toString()) as { executionArn: string };
      const stopped = this.ended.get(executionArn);
      const [code, answer] = this.running.has(executionArn)
        ? [200, { executionArn, status: 'RUNNING' }]
        : stopped === undefined
          ? [400, { __type: 'ExecutionDoesNotExist', message: `no execution ${executionArn}` }]
          : [200, { executionArn, status: 'ABORTED', stopDate: stopped.getTime() / 1000 }];
      response.writeHead(code, { 'Content-Type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
