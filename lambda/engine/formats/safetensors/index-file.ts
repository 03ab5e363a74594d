import { InvalidModelError } from '../../errors';
import { JsonFault, JsonReader, JsonValue } from './json-reader';

/** Which shard holds which tensor, as `*.safetensors.index.json` says. */
export interface IndexFile {
  /** Shard by tensor. */
  readonly weightMap: ReadonlyMap<string, string>;
  readonly metadata: ReadonlyMap<string, JsonValue>;
}

/**
 * Reads an index. Shards must be plain names: a path could lead outside the source's prefix.
 *
 * @throws InvalidModelError naming the index and the entry.
 */
export function parseIndexFile(file: string, bytes: Uint8Array): IndexFile {
  const weightMap = new Map<string, string>();
  let metadata: ReadonlyMap<string, JsonValue> = new Map();
  const reader = new JsonReader(bytes, { depth: 8, stringBytes: 4096, pythonNumbers: true });
  try {
    reader.object((name) => {
      if (name === 'weight_map') {
        reader.object((tensor) => {
          const shard = reader.string();
          if (!/^[\w.-]+$/.test(shard) || !shard.endsWith('.safetensors')) {
            reader.fail(
              `tensor ${JSON.stringify(tensor)} is said to be in ${JSON.stringify(shard)}; expected the name of a .safetensors file beside the index`,
            );
          }
          weightMap.set(tensor, shard);
        });
      } else {
        const value = reader.value();
        if (name === 'metadata' && value instanceof Map) metadata = value;
      }
    });
    reader.end();
  } catch (error) {
    if (error instanceof JsonFault) throw new InvalidModelError(file, `the index is damaged: ${error.message}`);
    throw error;
  }
  if (weightMap.size === 0) throw new InvalidModelError(file, 'the index has no weight_map, or an empty one');
  return { weightMap, metadata };
}

/** Writes an index: shard by tensor in the tensors' order, and the tensors' bytes altogether. */
export function formatIndexFile(
  metadata: ReadonlyMap<string, JsonValue>,
  weightMap: ReadonlyMap<string, string>,
  totalBytes: number,
): Uint8Array {
  const kept = [...metadata].filter(([, value]) => typeof value === 'string');
  const names = [...weightMap].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = names.map(([tensor, shard]) => `    ${JSON.stringify(tensor)}: ${JSON.stringify(shard)}`);
  const head = [...kept, ['total_size', totalBytes] as const].map(
    ([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  return Buffer.from(
    `{\n  "metadata": {\n${head.join(',\n')}\n  },\n  "weight_map": {\n${lines.join(',\n')}\n  }\n}\n`,
  );
}
