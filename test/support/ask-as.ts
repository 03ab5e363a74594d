import { request } from 'node:http';

/** Asks a server under a Host header of one's own, which fetch does not allow; returns status and body. */
export function askAs(url: string, host: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode!, body: Buffer.concat(chunks).toString() }));
      answer.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}

/** Host headers of this machine and of others, with `port`. */
export const ownHosts = (port: string): string[] =>
  ['127.0.0.1', 'localhost', 'LOCALHOST.', 'bucket.s3.localhost', '[::1]', '10.0.0.7'].map((name) => `${name}:${port}`);
export const foreignHosts = (port: string): string[] =>
  ['rebound.example', 'localhost.example', '127.0.0.1.example', 'evillocalhost'].map((name) => `${name}:${port}`);
