import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';

/** As much of the Step Functions API as releases and the clean-up ask: which executions run, and when the others ended. */
export class ExecutionsApi {
  readonly running = new Set<string>();
  readonly ended = new Map<string, Date>();
  private readonly server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as { executionArn?: string; stateMachineArn?: string };
      const { executionArn, stateMachineArn } = asked;
      const [code, answer] =
        executionArn === undefined ? [200, { executions: this.of(stateMachineArn!) }] : this.describe(executionArn);
      response.writeHead(code, { 'Content-Type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
    });
  });

  private describe(executionArn: string): [number, object] {
    const name = executionArn.split(':').at(-1);
    if (this.running.has(executionArn)) return [200, { executionArn, name, status: 'RUNNING' }];
    const stopDate = this.ended.get(executionArn)?.getTime();
    if (stopDate !== undefined) return [200, { executionArn, name, status: 'ABORTED', stopDate: stopDate / 1000 }];
    return [400, { __type: 'ExecutionDoesNotExist', message: `no execution ${executionArn}` }];
  }

  private of(stateMachineArn: string): object[] {
    const prefix = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:`;
    return [...this.running, ...this.ended.keys()]
      .filter((arn) => arn.startsWith(prefix))
      .map((arn) => this.describe(arn)[1]);
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
