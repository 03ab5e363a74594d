import { ByteSource } from '../../io/byte-source';
import { Segment } from '../cut-pieces';

const END_LENGTH = 22;
const END_SIGNATURE = 0x06054b50;
const ENTRY_LENGTH = 46;
const ENTRY_SIGNATURE = 0x02014b50;
/** A directory of some ten thousand files; models carry a few labels and vocabularies. */
const MAX_DIRECTORY_BYTES = 1024 * 1024;

/**
 * Label and vocabulary files that the TFLite metadata tools append to a model as a ZIP archive, laid out for an artifact
 * in which the archive starts elsewhere: its directory tells places in the whole file. None when there is no archive.
 *
 * @param start Where the archive starts in the artifact.
 */
export async function packedFiles(source: ByteSource, file: number, start: number): Promise<Segment[]> {
  if (source.size < END_LENGTH) return [];
  const end = viewOf(new Uint8Array(END_LENGTH));
  await source.read(source.size - END_LENGTH, bytesOf(end));
  const [length, offset] = [end.getUint32(12, true), end.getUint32(16, true)];
  const isEnd = end.getUint32(0, true) === END_SIGNATURE && end.getUint16(20, true) === 0;
  if (!isEnd || length > MAX_DIRECTORY_BYTES || offset + length + END_LENGTH !== source.size) return [];
  const directory = viewOf(new Uint8Array(length + END_LENGTH));
  await source.read(offset, bytesOf(directory));
  const entries = entriesOf(directory, length);
  const first = entries.reduce((least, at) => Math.min(least, directory.getUint32(at + 42, true)), offset);
  if (entries.length === 0 || first === offset || start + source.size > 0xffffffff) return [];
  for (const at of entries) directory.setUint32(at + 42, directory.getUint32(at + 42, true) - first + start, true);
  directory.setUint32(length + 16, offset - first + start, true);
  const data = Buffer.from(bytesOf(directory)).toString('base64');
  const rest = length + END_LENGTH;
  return [
    {
      length: offset - first,
      unit: 1,
      costPerByte: 1,
      fixedCost: 0,
      step: (at, part) => ({ kind: 'copy', length: part, from: { file, offset: first + at, length: part } }),
    },
    { length: rest, unit: rest, costPerByte: 0, fixedCost: 0, step: () => ({ kind: 'literal', length: rest, data }) },
  ];
}

/** Places of the directory's entries; none when it is not one. */
function entriesOf(directory: DataView, length: number): number[] {
  const entries: number[] = [];
  let at = 0;
  while (at + ENTRY_LENGTH <= length && directory.getUint32(at, true) === ENTRY_SIGNATURE) {
    entries.push(at);
    const texts =
      directory.getUint16(at + 28, true) + directory.getUint16(at + 30, true) + directory.getUint16(at + 32, true);
    at += ENTRY_LENGTH + texts;
  }
  return at === length ? entries : [];
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer);
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer);
}
