import { kernels } from '../../kernels';
import { WeightType } from '../../weights/weight-type';

/** Numbers as bytes of a type, little-endian. */
export function numbersAs(values: Float32Array, dtype: WeightType): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const { run, scratch } = kernels();
  const bytes = new Uint8Array(values.length * 2);
  const stretch = scratch.view.length / 8;
  for (let done = 0; done < values.length; done += stretch) {
    const part = values.subarray(done, done + stretch);
    new Float32Array(scratch.view.buffer, scratch.ptr, part.length).set(part);
    const target = scratch.ptr + stretch * 4;
    run[dtype === 'F16' ? 'f32ToF16' : 'f32ToBf16'](
      scratch.ptr,
      part.length,
      Infinity,
      target,
      scratch.ptr + stretch * 6,
    );
    bytes.set(new Uint8Array(scratch.view.buffer, target, part.length * 2), done * 2);
  }
  return bytes;
}
