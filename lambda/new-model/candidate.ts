import { S3Client } from '@aws-sdk/client-s3';
import { ObjectStore } from '../engine/io/object-store';

/** A folder that looks like a model. */
export interface Candidate {
  /** Prefix of its files, ending in `/`. */
  readonly folder: string;
  /** When its last file came, in milliseconds since 1970. */
  readonly completed: number;
  isComplete(): Promise<boolean>;
}

export interface Uploads {
  readonly s3: S3Client;
  readonly openStore: (address: string) => ObjectStore;
  readonly bucket: string;
  readonly prefix: string;
  /** Name of the file that is written last; undefined where a model's own files tell that it is complete. */
  readonly marker: string | undefined;
  /** Extension of the model's files. */
  readonly format: string;
}
