export * from './absmax';
export * from './convert';
export * from './crc64';
export * from './int8';
export * from './prune';

/** First byte that the host may use. */
export function heapBase(): usize {
  return __heap_base;
}
