import { InvalidModelError } from '../../errors';
import { MAX_HEADER_BYTES } from './header';
import { OutputTensor } from './output-unit';

/**
 * Writes a safetensors header for tensors that follow each other, the 8 bytes of its length included, padded so that
 * the data starts at a multiple of 8.
 */
export function formatHeader(
  file: string,
  tensors: readonly OutputTensor[],
  metadata: ReadonlyMap<string, string>,
): Uint8Array {
  const entries = [`"__metadata__":${JSON.stringify({ format: 'pt', ...Object.fromEntries(metadata) })}`];
  let offset = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    entries.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join(',')}],"data_offsets":[${offset},${offset + bytes}]}`,
    );
    offset += bytes;
  }
  const text = Buffer.from(`{${entries.join(',')}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MAX_HEADER_BYTES) {
    throw new InvalidModelError(
      file,
      `would get a header of ${length} bytes, more than the format's ${MAX_HEADER_BYTES}; split it into more shards`,
    );
  }
  const header = Buffer.alloc(8 + length, ' ');
  header.writeBigUInt64LE(BigInt(length), 0);
  text.copy(header, 8);
  return header;
}

/** The step that writes these bytes. */
export function literal(bytes: Uint8Array): { kind: 'literal'; length: number; data: string } {
  return {
    kind: 'literal',
    length: bytes.length,
    data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'),
  };
}
