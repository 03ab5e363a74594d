import { FileHandle, mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomWeights } from './random-weights';
import { llamaTensors, tensorBytes, TensorShape } from './tensor-shape';

/** Weights that are made once and repeated at shifting places: making gigabytes of them would take longer than the rest. */
const BLOCK_WEIGHTS = 16 << 20;

const CONFIG = { architectures: ['LlamaForCausalLM'], model_type: 'llama', torch_dtype: 'bfloat16' };

/** What of a Llama-3.2-1B a layer is; only their number differs between the checkpoints. */
const LLAMA = { hidden: 2048, intermediate: 8192, keyValue: 512, vocabulary: 8192 };

const SHARD_BYTES = 1e9;

/**
 * Writes a Llama of about `bytes` bytes of random weights to a new folder.
 *
 * @returns bytes of all weights
 */
export async function writeLlama(folder: string, bytes: number, shards?: number): Promise<number> {
  const bytesOf = (layers: number) => sum(llamaTensors({ ...LLAMA, layers }).map(tensorBytes));
  const layerBytes = bytesOf(1) - bytesOf(0);
  const layers = Math.max(1, Math.round((bytes - bytesOf(0)) / layerBytes));
  const tensors = llamaTensors({ ...LLAMA, layers });
  const total = sum(tensors.map(tensorBytes));
  const config = { ...CONFIG, hidden_size: LLAMA.hidden, intermediate_size: LLAMA.intermediate };
  await writeShards(folder, tensors, shards ?? Math.max(2, Math.round(total / SHARD_BYTES)), config, true);
  return total;
}

/**
 * Writes a checkpoint's shards, index and config to a new folder.
 *
 * @param withWeights false: the files have their lengths, and nothing after their headers
 */
export async function writeShards(
  folder: string,
  tensors: readonly TensorShape[],
  shards: number,
  config: object,
  withWeights: boolean,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const block = withWeights ? randomWeights(BLOCK_WEIGHTS) : undefined;
  const weightMap: Record<string, string> = {};
  for (let i = 0; i < shards; i++) {
    const key = `model-${number(i + 1)}-of-${number(shards)}.safetensors`;
    const cut = (index: number) => Math.floor((index * tensors.length) / shards);
    const part = tensors.slice(cut(i), cut(i + 1));
    for (const { name } of part) weightMap[name] = key;
    const file = await open(join(folder, key), 'wx');
    try {
      await writeShard(file, part, block);
    } finally {
      await file.close();
    }
  }
  const index = { metadata: { total_size: sum(tensors.map(tensorBytes)) }, weight_map: weightMap };
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
  await writeFile(join(folder, 'config.json'), JSON.stringify(config, undefined, 2));
}

async function writeShard(
  file: FileHandle,
  tensors: readonly TensorShape[],
  block: Uint8Array | undefined,
): Promise<void> {
  let end = 0;
  const entries = tensors.map((tensor) => {
    const begin = end;
    end += tensorBytes(tensor);
    return [tensor.name, { dtype: 'BF16', shape: tensor.shape, data_offsets: [begin, end] }];
  });
  const json = JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) });
  const header = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  await file.writeFile(Buffer.concat([length, header]));
  if (block === undefined) return file.truncate(8 + header.length + end);
  for (const [i, tensor] of tensors.entries()) {
    let start = (2 * 7919 * i) % block.length;
    for (let left = tensorBytes(tensor); left > 0; start = 0) {
      const chunk = block.subarray(start, Math.min(block.length, start + left));
      await file.writeFile(chunk);
      left -= chunk.length;
    }
  }
}

const number = (value: number) => String(value).padStart(5, '0');
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
