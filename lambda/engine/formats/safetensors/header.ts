import { InvalidModelError } from '../../errors';
import { ByteSource } from '../../io/byte-source';
import { bitsOf } from './dtypes';
import { JsonFault, JsonReader } from './json-reader';

/** The format's own bound on a header, in bytes. */
export const MAX_HEADER_BYTES = 100_000_000;
/** What the first read of a file asks for: most headers lie within, so that one request a file is enough. */
const SPECULATIVE_BYTES = 256 * 1024;
/** A header of 100 MB could name a million tensors; real shards stay below a tenth of this bound. */
const MAX_TENSORS = 250_000;
const MAX_DIMENSIONS = 16;
const MAX_NAME_BYTES = 2048;
const MAX_METADATA_BYTES = 1 << 20;

/** A tensor of a safetensors file. */
export interface SourceTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First byte in the file. */
  readonly offset: number;
  /** Length in bytes. */
  readonly length: number;
}

/** A safetensors file's header, checked. */
export interface SafetensorsHeader {
  /** In the order of their bytes in the file. */
  readonly tensors: readonly SourceTensor[];
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Reads and checks a header. Nothing is allocated on the word of the file alone: every length is bounded by the file's
 * size first.
 *
 * @throws InvalidModelError naming the file and, where one is at fault, the tensor.
 */
export async function readHeader(source: ByteSource): Promise<SafetensorsHeader> {
  if (source.size < 8) {
    throw new InvalidModelError(
      source.name,
      `is ${source.size} bytes long; a safetensors file starts with 8 bytes of header length`,
    );
  }
  const first = new Uint8Array(Math.min(source.size, SPECULATIVE_BYTES));
  await source.read(0, first);
  const declared = new DataView(first.buffer).getBigUint64(0, true);
  if (declared < 2n || declared > BigInt(MAX_HEADER_BYTES)) {
    throw new InvalidModelError(
      source.name,
      `declares a header of ${declared} bytes; a safetensors header has 2 to ${MAX_HEADER_BYTES}`,
    );
  }
  const length = Number(declared);
  if (8 + length > source.size) {
    throw new InvalidModelError(
      source.name,
      `declares a header of ${length} bytes but is only ${source.size} bytes long; the file is cut short`,
    );
  }
  let bytes = first.subarray(8, Math.min(first.length, 8 + length));
  if (bytes.length < length) {
    const whole = new Uint8Array(length);
    whole.set(bytes);
    await source.read(8 + bytes.length, whole.subarray(bytes.length));
    bytes = whole;
  }
  const header = parseHeader(source.name, bytes, 8 + length);
  checkLayout(source.name, header.tensors, 8 + length, source.size);
  return header;
}

function parseHeader(
  file: string,
  bytes: Uint8Array,
  dataStart: number,
): { tensors: SourceTensor[]; metadata: Map<string, string> } {
  const tensors: SourceTensor[] = [];
  const metadata = new Map<string, string>();
  let current: string | undefined;
  const reader = new JsonReader(bytes, { depth: 3, stringBytes: MAX_METADATA_BYTES });
  try {
    reader.object((name) => {
      current = name;
      if (name === '__metadata__') {
        reader.object((key) => metadata.set(key, reader.string()));
      } else {
        if (tensors.length === MAX_TENSORS) reader.fail(`there are more than ${MAX_TENSORS} tensors`);
        tensors.push(readEntry(reader, name, dataStart));
      }
      current = undefined;
    });
    reader.end();
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    const where = current === undefined ? '' : ` at ${JSON.stringify(current.slice(0, 200))}`;
    throw new InvalidModelError(file, `the safetensors header is damaged${where}: ${error.message}`);
  }
  return { tensors: tensors.sort((a, b) => a.offset - b.offset || a.length - b.length), metadata };
}

function readEntry(reader: JsonReader, name: string, dataStart: number): SourceTensor {
  if (name.length === 0 || Buffer.byteLength(name) > MAX_NAME_BYTES || /\p{Cc}/u.test(name)) {
    reader.fail(`a tensor's name must have 1 to ${MAX_NAME_BYTES} bytes and no control characters`);
  }
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  reader.object((field) => {
    if (field === 'dtype') dtype = reader.string();
    else if (field === 'shape') shape = counts(reader, MAX_DIMENSIONS);
    else if (field === 'data_offsets') offsets = counts(reader, 2);
    else reader.fail(`unknown field ${JSON.stringify(field.slice(0, 40))}; expected dtype, shape, data_offsets`);
  });
  if (dtype === undefined || shape === undefined || offsets?.length !== 2) {
    return reader.fail('a tensor needs dtype, shape and data_offsets [begin, end]');
  }
  const bits = bitsOf(dtype);
  if (bits === undefined)
    return reader.fail(`the type ${JSON.stringify(dtype.slice(0, 40))} is not one of safetensors'`);
  const [begin, end] = offsets as [number, number];
  const elements = shape.reduce((product, extent) => product * BigInt(extent), 1n);
  const size = elements * BigInt(bits);
  if (size % 8n !== 0n || end < begin || BigInt(end - begin) !== size / 8n) {
    reader.fail(
      `shape [${shape.join(', ')}] of ${dtype} takes ${size / 8n} bytes, but data_offsets are [${begin}, ${end}]`,
    );
  }
  return { name, dtype, shape, offset: dataStart + begin, length: end - begin };
}

function counts(reader: JsonReader, most: number): number[] {
  const values: number[] = [];
  reader.array(() => {
    if (values.length === most) reader.fail(`a list has more than ${most} numbers`);
    values.push(reader.count());
  });
  return values;
}

function checkLayout(file: string, tensors: readonly SourceTensor[], dataStart: number, size: number): void {
  let end = dataStart;
  let before = 'the header';
  for (const tensor of tensors) {
    const name = JSON.stringify(tensor.name);
    if (tensor.offset < end) throw new InvalidModelError(file, `tensor ${name} overlaps ${before}`);
    if (tensor.offset > end) {
      throw new InvalidModelError(
        file,
        `${tensor.offset - end} bytes before tensor ${name} belong to no tensor; safetensors allows no holes`,
      );
    }
    end = tensor.offset + tensor.length;
    if (end > size) {
      throw new InvalidModelError(
        file,
        `tensor ${name} ends at byte ${end}, but the file has ${size}; the file is cut short or its header is wrong`,
      );
    }
    before = name;
  }
  if (end !== size) {
    throw new InvalidModelError(file, `the last ${size - end} bytes belong to no tensor; safetensors allows no holes`);
  }
}
