import type { InferenceComponentSpecification } from '@aws-sdk/client-sagemaker';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { isAnswer } from '../engine/io/s3-answer';

/** A build, and when it was begun: of two builds the one that was begun later is newer, whichever ends first. */
export interface ReleasedBuild {
  /** Address of its artifact. */
  readonly artifact: string;
  /** ISO 8601, UTC. */
  readonly begun: string;
}

/** What must be remembered of an endpoint's releases from one execution to the next. */
export interface Ledger {
  readonly schemaVersion: 1;
  /** ARN of the execution that may change the endpoint. It counts only as long as that execution runs. */
  readonly holder?: string;
  /** The newest build that was released and proved itself. */
  readonly newest?: ReleasedBuild;
  /** The endpoint config that proved itself last; a release that does not goes back to it. */
  readonly good?: string;
  /** What the endpoint's inference component ran on it, where it has one. */
  readonly component?: InferenceComponentSpecification;
}

/** What a release that fails goes back to. */
export type Proven = Pick<Ledger, 'good' | 'component'>;

/** Far more than a ledger ever has; somebody else's object is not read into memory. */
const MAX_BYTES = 64 * 1024;

/** Writers that meet try again; each round one of them gets through. */
const MAX_ROUNDS = 50;

/** Where the ledger of an endpoint lies. */
export interface LedgerPlace {
  readonly bucket: string;
  readonly key: string;
}

/** One small object, changed only by writers who have seen what they replace: S3's conditional writes are the lock. */
export class LedgerStore {
  constructor(
    private readonly client: S3Client,
    private readonly place: LedgerPlace,
  ) {}

  /** The ledger; undefined before the first release. */
  async read(): Promise<Ledger | undefined> {
    return (await this.get())?.ledger;
  }

  /**
   * Changes the ledger. `change` sees the present one and answers with the next, or with undefined to leave it; it is
   * asked again when another writer was faster, so it must have no effects of its own.
   */
  async update(change: (present: Ledger | undefined) => Ledger | undefined): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const present = await this.get();
      const next = change(present?.ledger);
      if (next === undefined || (await this.put(next, present?.etag))) return;
    }
    throw new Error(`${this.address} is being changed by too many at once; try again`);
  }

  /** Forgets everything, for an endpoint that is gone. */
  async remove(): Promise<void> {
    await this.client.send(new DeleteObjectCommand(this.where));
  }

  private async get(): Promise<{ ledger: Ledger; etag: string } | undefined> {
    try {
      const answer = await this.client.send(new GetObjectCommand(this.where));
      if ((answer.ContentLength ?? 0) > MAX_BYTES) throw new Error(`${this.address} is no ledger; look at it`);
      return { ledger: JSON.parse(await answer.Body!.transformToString()) as Ledger, etag: answer.ETag! };
    } catch (error) {
      if (isAnswer(error, 404)) return undefined;
      throw error;
    }
  }

  /** Answers false when the object is not the one that was read. */
  private async put(ledger: Ledger, etag: string | undefined): Promise<boolean> {
    try {
      await this.client.send(
        new PutObjectCommand({
          ...this.where,
          Body: JSON.stringify(ledger),
          ContentType: 'application/json',
          ...(etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag }),
        }),
      );
      return true;
    } catch (error) {
      // 412: changed; 409: another write is under way; 404: gone.
      if ([412, 409, 404].some((status) => isAnswer(error, status))) return false;
      throw error;
    }
  }

  private get where(): { Bucket: string; Key: string } {
    return { Bucket: this.place.bucket, Key: this.place.key };
  }

  private get address(): string {
    return `s3://${this.place.bucket}/${this.place.key}`;
  }
}
