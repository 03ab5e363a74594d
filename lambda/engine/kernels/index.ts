export { Arena, Region } from './arena';
export { combineCrc64nvme, crc64nvme } from './crc64';
export { KernelExports, Kernels, kernels } from './kernels';
