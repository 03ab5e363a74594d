import { InvalidModelError } from '../../errors';
import { JsonFault, JsonReader, JsonValue } from './json-reader';

/** A checkpoint's `config.json`: its text stays as it is, so that numbers keep the type that loaders check. */
export interface ConfigFile {
  readonly file: string;
  readonly text: string;
  readonly members: ReadonlyMap<string, JsonValue>;
}

/** @throws InvalidModelError when it is not a JSON object. */
export function parseConfigFile(file: string, bytes: Uint8Array): ConfigFile {
  const reader = new JsonReader(bytes, { depth: 64, stringBytes: 1 << 20, pythonNumbers: true });
  try {
    if (reader.peek() !== 0x7b) reader.fail('expected an object');
    const members = reader.value() as Map<string, JsonValue>;
    reader.end();
    return { file, text: Buffer.from(bytes).toString('utf8'), members };
  } catch (error) {
    if (error instanceof JsonFault)
      throw new InvalidModelError(file, `is not the JSON that a model's settings are: ${error.message}`);
    throw error;
  }
}

/** A member of the settings, or of the language model's own where the model has several parts. */
export function setting(config: ConfigFile | undefined, name: string): JsonValue | undefined {
  if (config === undefined) return undefined;
  const own = config.members.get(name);
  if (own !== undefined && own !== null) return own;
  const text = config.members.get('text_config');
  return text instanceof Map ? text.get(name) : undefined;
}

/** The settings with one member more, in the text's own words otherwise. */
export function withMember(config: ConfigFile, name: string, value: unknown): Uint8Array {
  const end = config.text.lastIndexOf('}');
  const head = config.text.slice(0, end).trimEnd();
  const member = `${JSON.stringify(name)}: ${JSON.stringify(value, null, 2).replaceAll('\n', '\n  ')}`;
  return Buffer.from(`${head}${config.members.size === 0 ? '' : ','}\n  ${member}\n}\n`);
}

/** The settings with every `dtype` and `torch_dtype` that names a float type set to `dtype` (`float16`, `bfloat16`). */
export function withDtype(config: ConfigFile, dtype: string): Uint8Array {
  const replaced = config.text.replace(
    /("(?:torch_)?dtype"\s*:\s*)"(?:torch\.)?(?:float32|float16|bfloat16|float|half)"/g,
    (_, head: string) => `${head}"${dtype}"`,
  );
  const stated = config.members.has('dtype') || config.members.has('torch_dtype');
  return stated ? Buffer.from(replaced) : withMember({ ...config, text: replaced }, 'torch_dtype', dtype);
}
