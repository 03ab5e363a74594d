import { S3Client } from '@aws-sdk/client-s3';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalAws, REGION, startLocalAws } from '../../local/aws/local-aws';
import { testPython } from './python';

export interface TestAws {
  readonly url: string;
  readonly s3: S3Client;
  /** Settings for further clients. */
  readonly config: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  readonly logFile: string;
  /** Stops the server and deletes all it held. */
  close(): Promise<void>;
}

/**
 * Starts a local AWS of its own for one test file; call it in `beforeAll`, and `close` in `afterAll`. It is empty, takes
 * a second to start, and keeps nothing.
 *
 * @param sageMakerEndpoint where its functions and state machines find SageMaker
 */
export async function startTestAws(sageMakerEndpoint?: string): Promise<TestAws> {
  const python = testPython();
  const stateDir = mkdtempSync(join(tmpdir(), 'modelpress-aws-'));
  let aws: LocalAws;
  try {
    aws = await startLocalAws({ python, stateDir, sageMakerEndpoint, persist: false, waitScale: 0.05 });
  } catch (error) {
    rmSync(stateDir, { recursive: true, force: true });
    throw error;
  }
  const config = {
    endpoint: aws.url,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  return {
    url: aws.url,
    s3,
    config,
    logFile: aws.logFile,
    close: async () => {
      s3.destroy();
      await aws.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
