/** Whether weights of this type can be compressed. */
export function isWeightType(dtype: string): dtype is WeightType {
  return dtype === 'BF16' || dtype === 'F16' || dtype === 'F32';
}

/** The element types that the kernels take. */
export type WeightType = 'BF16' | 'F16' | 'F32';

/** The word for each of them in the kernels' names. */
export const KERNEL_TYPE = { BF16: 'Bf16', F16: 'F16', F32: 'F32' } as const satisfies Record<WeightType, string>;

/** Bytes of one element of a type that can be compressed. */
export function weightBytes(dtype: WeightType): number {
  return dtype === 'F32' ? 4 : 2;
}
