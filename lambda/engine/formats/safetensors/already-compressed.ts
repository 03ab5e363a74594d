import { InvalidModelError } from '../../errors';
import { Checkpoint } from './checkpoint';
import { JsonValue } from './json-reader';

const QUANTIZED_NAME =
  /\.(?:qweight|qzeros|weight_packed|weight_scale|weight_scale_inv|weight_zero_point|g_idx|SCB|quant_state\..*)$/;
const QUANTIZED_TYPE = /^F(?:4$|6_|8_)/;

/**
 * Refuses a checkpoint that is quantized: its weights are no longer those that were trained, so that compressing again
 * would add up the errors.
 *
 * @throws InvalidModelError that tells what gave it away.
 */
export function refuseCompressed(checkpoint: Checkpoint): void {
  const members = checkpoint.config?.members ?? new Map<string, JsonValue>();
  const text = members.get('text_config');
  for (const name of ['quantization_config', 'compression_config']) {
    const found = members.get(name) ?? (text instanceof Map ? text.get(name) : undefined);
    if (!(found instanceof Map)) continue;
    const method = found.get('quant_method');
    refuse('config.json', `has a ${name}${typeof method === 'string' ? ` (${method})` : ''}`);
  }
  for (const { key, header } of checkpoint.shards) {
    for (const { name, dtype } of header.tensors) {
      if (QUANTIZED_NAME.test(name)) refuse(key, `has a tensor ${JSON.stringify(name)}`);
      if (QUANTIZED_TYPE.test(dtype)) refuse(key, `has tensor ${JSON.stringify(name)} of type ${dtype}`);
    }
  }
}

function refuse(file: string, evidence: string): never {
  throw new InvalidModelError(
    file,
    `${evidence}: the checkpoint is quantized already; start from the unquantized one (BF16, F16 or F32)`,
  );
}
