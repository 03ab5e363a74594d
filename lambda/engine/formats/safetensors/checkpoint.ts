import { InvalidModelError } from '../../errors';
import { SourceFiles } from '../model-format';
import { ConfigFile, parseConfigFile } from './config-file';
import { readHeader, SafetensorsHeader } from './header';
import { IndexFile, parseIndexFile } from './index-file';
import { mapConcurrently } from '../../map-concurrently';

/** A safetensors file that belongs to the checkpoint. */
export interface Shard {
  /** Index into the source's files. */
  readonly file: number;
  readonly key: string;
  readonly header: SafetensorsHeader;
}

/** A model as it lies in the source: headers and settings, no weights. */
export interface Checkpoint {
  readonly shards: readonly Shard[];
  /** The index of a checkpoint of several shards. */
  readonly index: { readonly file: number; readonly key: string; readonly content: IndexFile } | undefined;
  readonly config: (ConfigFile & { readonly index: number }) | undefined;
  /** Safetensors files that are not part of it, such as a second copy under other names. */
  readonly strays: readonly string[];
}

const INDEX_SUFFIX = '.safetensors.index.json';
const MAX_INDEX_BYTES = 200_000_000;
const MAX_CONFIG_BYTES = 16 << 20;
/** Headers read at the same time: enough to hide S3's latency, few enough to bound memory. */
const CONCURRENT_HEADERS = 16;

/** Reads the headers and the settings. */
export async function readCheckpoint(source: SourceFiles): Promise<Checkpoint> {
  const here = new Map(source.files.map(({ key }, file) => [key, file] as const).filter(([key]) => !key.includes('/')));
  const indexKeys = [...here.keys()].filter((key) => key.endsWith(INDEX_SUFFIX));
  const indexKey = indexKeys.includes(`model${INDEX_SUFFIX}`) ? `model${INDEX_SUFFIX}` : indexKeys[0];
  const index =
    indexKey === undefined
      ? undefined
      : {
          file: here.get(indexKey)!,
          key: indexKey,
          content: parseIndexFile(indexKey, await readWhole(source, here.get(indexKey)!, MAX_INDEX_BYTES)),
        };
  const all = [...here.keys()].filter((key) => key.endsWith('.safetensors'));
  const chosen = index === undefined ? withoutIndex(source, all) : fromIndex(index.key, index.content, here);
  const shards = await mapConcurrently(chosen, CONCURRENT_HEADERS, async (key) => {
    const file = here.get(key)!;
    return { file, key, header: await readHeader(await source.open(file)) };
  });
  checkNames(shards, index);
  const configFile = here.get('config.json');
  return {
    shards,
    index,
    config:
      configFile === undefined
        ? undefined
        : {
            ...parseConfigFile('config.json', await readWhole(source, configFile, MAX_CONFIG_BYTES)),
            index: configFile,
          },
    strays: all.filter((key) => !chosen.includes(key)),
  };
}

async function readWhole(source: SourceFiles, file: number, maxBytes: number): Promise<Uint8Array> {
  const opened = await source.open(file);
  if (opened.size > maxBytes)
    throw new InvalidModelError(opened.name, `is ${opened.size} bytes long; at most ${maxBytes} are read`);
  const bytes = new Uint8Array(opened.size);
  await opened.read(0, bytes);
  return bytes;
}

function fromIndex(indexKey: string, index: IndexFile, here: ReadonlyMap<string, number>): string[] {
  const shards = [...new Set(index.weightMap.values())].sort();
  const missing = shards.filter((key) => !here.has(key));
  if (missing.length > 0) {
    throw new InvalidModelError(
      indexKey,
      `names ${missing.length} shards that are not there, such as ${missing[0]}; upload them or mend the index`,
    );
  }
  return shards;
}

function withoutIndex(source: SourceFiles, all: readonly string[]): string[] {
  if (all.length > 0) return all.includes('model.safetensors') ? ['model.safetensors'] : [...all];
  const below = source.files.find(({ key }) => key.endsWith('.safetensors'));
  throw new InvalidModelError(
    below?.key ?? 'the source',
    below === undefined
      ? 'has no .safetensors file'
      : 'lies in a folder of its own; give that folder as the source, with the config.json beside the weights',
  );
}

function checkNames(shards: readonly Shard[], index: Checkpoint['index']): void {
  const places = new Map<string, string>();
  for (const { key, header } of shards) {
    for (const { name } of header.tensors) {
      const other = places.get(name);
      if (other !== undefined)
        throw new InvalidModelError(
          key,
          `tensor ${JSON.stringify(name)} is also in ${other}; each tensor must be in one shard`,
        );
      places.set(name, key);
    }
  }
  for (const [name, shard] of index?.content.weightMap ?? []) {
    if (places.get(name) === shard) continue;
    throw new InvalidModelError(
      index!.key,
      `tensor ${JSON.stringify(name)} is said to be in ${shard}, whose header does not have it`,
    );
  }
}
