import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const FOLDER = resolve(__dirname, '../../../golden/kernels');

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** The tensors of a golden file, by name: a safetensors file that our own generator wrote. */
export function readGolden(name: string): Map<string, GoldenTensor> {
  const file = readFileSync(join(FOLDER, `${name}.safetensors`));
  const headerLength = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + headerLength)) as Record<
    string,
    { shape: number[]; data_offsets: [number, number] }
  >;
  const body = file.subarray(8 + headerLength);
  return new Map(
    Object.entries(header)
      .filter(([key]) => key !== '__metadata__')
      .map(
        ([
          key,
          {
            shape,
            data_offsets: [from, to],
          },
        ]) => [key, { shape, bytes: Uint8Array.from(body.subarray(from, to)) }],
      ),
  );
}
