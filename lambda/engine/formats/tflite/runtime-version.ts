import { ScalarsNode, TableNode } from './flatbuffer-nodes';
import { METADATA, MODEL } from './model-fields';
import { number, tablesOf, text } from './model-graph';

const METADATA_NAME = 'min_runtime_version';

/** The later of two runtime versions such as `2.17.0`. */
export function laterVersion(a: string, b: string): string {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference > 0 ? a : b;
  }
  return a;
}

/**
 * The model's note of the oldest runtime that can run it, raised to a version; undefined when it has none or is high
 * enough. The note is a buffer of 16 bytes, padded with zeros.
 */
export function raisedRuntime(
  model: TableNode,
  content: (buffer: number) => ScalarsNode | undefined,
  version: string,
): { readonly buffer: number; readonly data: ScalarsNode } | undefined {
  const entry = tablesOf(model, MODEL.metadata).find((metadata) => text(metadata, METADATA.name) === METADATA_NAME);
  if (entry === undefined) return undefined;
  const buffer = number(entry, METADATA.buffer);
  const noted = new TextDecoder().decode(content(buffer)?.data).replace(/\0+$/, '');
  if (!/^\d+\.\d+\.\d+$/.test(noted) || laterVersion(noted, version) === noted) return undefined;
  const data = new Uint8Array(16);
  data.set(new TextEncoder().encode(version));
  return { buffer, data: { kind: 'scalars', width: 1, data } };
}
