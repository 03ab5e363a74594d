import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** A port that was asked for is taken. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUse';

  constructor(port: number) {
    super(`port ${port} is in use by another program; choose another with --port, or leave it out to get a free one`);
  }
}

/** Below what operating systems hand out by themselves, so that nobody is given a port between its choice and its use. */
const FIRST = 20_000;
const LAST = 32_767;

/** Finds free ports on the loopback interface, different ones. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(FIRST, LAST + 1);
    try {
      await checkPortIsFree(port);
      ports.add(port);
    } catch (error) {
      if (!(error instanceof PortInUseError)) throw error;
    }
  }
  return [...ports];
}

/** @throws PortInUseError when something listens there. */
export async function checkPortIsFree(port: number): Promise<void> {
  const server = await listen(port);
  await new Promise((resolve) => server.close(resolve));
}

function listen(port: number): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new PortInUseError(port) : error);
    });
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
