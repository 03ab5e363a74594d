import { InvalidModelError } from '../errors';

/** A bucket and a prefix that ends in `/` or is empty. */
export interface S3Location {
  readonly bucket: string;
  readonly prefix: string;
}

/** Whether an address names S3 rather than a folder. */
export function isS3Address(address: string): boolean {
  return address.startsWith('s3://');
}

/**
 * Reads `s3://bucket/prefix/` (a final `/` is added where it is missing).
 *
 * @throws InvalidModelError when it is something else.
 */
export function parseS3Address(address: string): S3Location {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s.exec(address);
  if (match === null) {
    throw new InvalidModelError(address, 'is not an S3 address; expected s3://<bucket>/<prefix>/');
  }
  const prefix = match[2] ?? '';
  return { bucket: match[1], prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/` };
}
