import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { InvalidModelError } from '../errors';
import { ByteSource } from './byte-source';
import { checkRange } from './file-source';
import { isAnswer } from './s3-answer';

/** How often a range is asked for when its body breaks off: the SDK retries requests, not bodies. */
const BODY_ATTEMPTS = 6;

/** An S3 object, read by range. Refuses to go on when the object was replaced after it was listed. */
export class S3Source implements ByteSource {
  readonly name: string;

  constructor(
    private readonly client: S3Client,
    private readonly place: { Bucket: string; Key: string },
    readonly size: number,
    private readonly etag?: string,
  ) {
    this.name = `s3://${place.Bucket}/${place.Key}`;
  }

  async read(offset: number, target: Uint8Array): Promise<void> {
    checkRange(this, offset, target.length);
    let done = 0;
    for (let attempt = 1; done < target.length; attempt++) {
      try {
        done += await this.readSome(offset + done, target.subarray(done));
        if (done < target.length) throw new Error(`the body ended ${target.length - done} bytes early`);
      } catch (error) {
        if (error instanceof InvalidModelError || attempt === BODY_ATTEMPTS) throw error;
        done += (error as { received?: number }).received ?? 0;
        await new Promise((resume) => setTimeout(resume, 50 * 2 ** attempt * Math.random()));
      }
    }
  }

  /** Reads until the body ends or breaks; what had arrived before a break is kept, and told in `received`. */
  private async readSome(offset: number, target: Uint8Array): Promise<number> {
    let received = 0;
    try {
      const response = await this.client.send(
        new GetObjectCommand({
          ...this.place,
          Range: `bytes=${offset}-${offset + target.length - 1}`,
          ...(this.etag ? { IfMatch: this.etag } : {}),
        }),
      );
      for await (const chunk of response.Body as AsyncIterable<Uint8Array>) {
        if (received + chunk.length > target.length) throw new Error('the body is longer than the range asked for');
        target.set(chunk, received);
        received += chunk.length;
      }
      return received;
    } catch (error) {
      if (isAnswer(error, 412)) {
        throw new InvalidModelError(this.name, 'was replaced after the build was planned; start the build again');
      }
      if (isAnswer(error, 404)) throw new InvalidModelError(this.name, 'does not exist (any more)');
      throw Object.assign(error as Error, { received });
    }
  }
}
