import { kernels } from '../../kernels';
import { SourceFiles } from '../model-format';
import { TYPE } from './element-types';
import { SourceTensor } from './source-tensor';

/** Constants up to this many bytes are turned into float16 when the model is planned. */
export const SMALL_BYTES = 4096;
const LARGEST = 65504;
const LEAST = 2 ** -24;

/**
 * A small constant as float16. Finite numbers stay finite and what is not zero stays so, because such constants are
 * often there to keep a division from zero or to mask.
 */
export async function smallHalves(tensor: SourceTensor, source: SourceFiles): Promise<Uint8Array> {
  const values = new Float32Array(tensor.count);
  const { file, offset } = tensor.data!;
  await (await source.open(file)).read(offset, new Uint8Array(values.buffer));
  const kept = values.map((value) => {
    if (value === 0 || !Number.isFinite(value)) return value;
    return Math.sign(value) * Math.min(Math.max(Math.abs(value), LEAST), LARGEST);
  });
  const { run, arena } = kernels();
  return arena.scoped(async () => {
    const from = arena.alloc(kept.byteLength);
    const to = arena.alloc(kept.length * 2);
    from.view.set(new Uint8Array(kept.buffer));
    run.f32ToF16(from.ptr, kept.length, Infinity, to.ptr, arena.alloc(24).ptr);
    return to.view.slice();
  });
}

/** Whether a constant is turned into float16 when the model is planned. */
export function isSmall(tensor: SourceTensor): boolean {
  return tensor.type === TYPE.float && tensor.bytes <= SMALL_BYTES;
}
