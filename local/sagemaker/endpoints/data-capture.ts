import { randomUUID } from 'node:crypto';
import { DataCaptureConfig } from '@aws-sdk/client-sagemaker';
import { Context } from '../system/context';

const FLUSH_INTERVAL_MS = 1000;

/** One side of a request. */
interface Message {
  readonly type: string;
  readonly body: Buffer;
}

/** Keeps requests and answers in S3, in the lines and under the keys of SageMaker. Serving never waits for it. */
export class DataCapture {
  /** Lines by the address of the folder that they go to. */
  private lines = new Map<string, string[]>();
  private readonly timer: NodeJS.Timeout;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly context: Context) {
    this.timer = setInterval(() => this.flush(), FLUSH_INTERVAL_MS);
    this.timer.unref();
  }

  /** Takes a request as its config says. */
  take(
    config: DataCaptureConfig | undefined,
    endpoint: string,
    variant: string,
    input: Message,
    output: Message,
  ): void {
    if (config?.EnableCapture !== true || Math.random() * 100 >= config.InitialSamplingPercentage!) return;
    const modes = config.CaptureOptions!.map((option) => option.CaptureMode);
    const isTaken = (mode: 'Input' | 'Output'): boolean => modes.includes(mode) || modes.includes('InputAndOutput');
    const time = new Date().toISOString();
    const line = JSON.stringify({
      captureData: {
        ...(isTaken('Input') ? { endpointInput: captured('INPUT', input) } : {}),
        ...(isTaken('Output') ? { endpointOutput: captured('OUTPUT', output) } : {}),
      },
      eventMetadata: { eventId: randomUUID(), inferenceTime: time },
      eventVersion: '0',
    });
    const hour = time.slice(0, 13).replace(/[-T]/g, '/');
    const folder = `${config.DestinationS3Uri!.replace(/\/$/, '')}/${endpoint}/${variant}/${hour}`;
    this.lines.set(folder, [...(this.lines.get(folder) ?? []), line]);
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.flush();
    await this.writing;
  }

  private flush(): void {
    const taken = this.lines;
    this.lines = new Map();
    for (const [folder, lines] of taken) {
      const name = `${new Date().toISOString().slice(14, 23).replace(/[:.]/g, '-')}-${randomUUID()}.jsonl`;
      this.writing = this.writing.then(() =>
        this.context.s3
          .putText(`${folder}/${name}`, `${lines.join('\n')}\n`)
          .catch((error: Error) => this.context.log(`requests cannot be captured: ${error.message}`)),
      );
    }
  }
}

function captured(mode: string, { type, body }: Message): object {
  const kind = type.split(';')[0].trim();
  const encoding = kind === 'application/json' ? 'JSON' : kind === 'text/csv' ? 'CSV' : 'BASE64';
  const data = body.toString(encoding === 'BASE64' ? 'base64' : 'utf8');
  return { observedContentType: type, mode, data, encoding };
}
