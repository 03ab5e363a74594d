import { S3Client } from '@aws-sdk/client-s3';
import { ObjectStore } from '../engine/io/object-store';
import { UploadedFile } from './uploaded-file';

/** A complete model. */
export interface UploadedModel {
  /** Prefix of its files, ending in `/`. */
  readonly folder: string;
  /** The files that it is known by. */
  readonly files: readonly UploadedFile[];
}

/** A folder that looks like a model. */
export interface Candidate extends UploadedModel {
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
