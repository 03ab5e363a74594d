/** compressed-tensors' names for the recipes. */
export const PRESETS: Readonly<Record<string, string>> = {
  w8a8: 'W8A8',
  w8a16: 'W8A16',
  w4a16: 'W4A16',
  'w4a16-asym': 'W4A16_ASYM',
  fp8: 'FP8_DYNAMIC',
  'fp8-block': 'FP8_BLOCK',
  nvfp4a16: 'NVFP4A16',
  mxfp4a16: 'MXFP4A16',
  mxfp8: 'MXFP8',
};
