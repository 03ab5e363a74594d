import { FOLD_BYTES } from './crc64-fold';

export * from './absmax';
export { int4GroupsF32, int4GroupsBf16, int4GroupsF16 } from './best4';
export { int4GroupsAsymmetricF32, int4GroupsAsymmetricBf16, int4GroupsAsymmetricF16 } from './best4';
export * from './convert';
export * from './crc64';
export { fp8RunsF32, fp8RunsBf16, fp8RunsBf16Exact, fp8RunsF16, fp8RunsF16Exact } from './fp8';
export { fp8BlocksF32, fp8BlocksBf16, fp8BlocksBf16Exact, fp8BlocksF16, fp8BlocksF16Exact } from './fp8';
export { mxfp8GroupsF32, mxfp8GroupsBf16, mxfp8GroupsBf16Exact, mxfp8GroupsF16, mxfp8GroupsF16Exact } from './fp8';
export { fitScalesF32 } from './fit-scale';
export * from './fp4';
export { int4GroupsF32Exact, int4GroupsBf16Exact, int4GroupsF16Exact } from './int4';
export { int4GroupsAsymmetricF32Exact, int4GroupsAsymmetricBf16Exact, int4GroupsAsymmetricF16Exact } from './int4';
export { packZeroPoints } from './int4';
export { countMagnitude16, countMagnitudeF32, histogram16, histogramF32High, histogramF32Low } from './histogram';
export * from './int8';
export { int8ColumnsConverterF32, int8RowsConverterF32 } from './int8-converter';
export { nbits4AsymmetricF32, nbits4AsymmetricF32Exact, nbits4F32, nbits4F32Exact } from './nbits4';
export { packPoints } from './nbits4';
export { nbits4AsymmetricColumnsF32Exact, nbits4ColumnsF32Exact } from './nbits4-columns';
export * from './prune';
export * from './qdq4';
export * from './sums';
export { transposeF32 } from './transpose';
export * from './uint8';
export { uint8RowsF32 } from './uint8-rows';
export * from './widen';

/** First byte that the host may use; what comes before it is the module's own. */
export function heapBase(): usize {
  return __heap_base + FOLD_BYTES;
}
