export { Arena, Region } from './arena';
export { combineCrc64nvme, crc64nvme } from './crc64';
export {
  EncodeAsymmetric,
  EncodeAsymmetricBlocks,
  EncodeBlocks,
  EncodeGroups,
  EncodeInt8,
  EncodeNvfp4,
  EncodeRuns,
  KernelExports,
  Kernels,
  kernels,
} from './kernels';
