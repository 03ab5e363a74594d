import { KERNEL_TYPE } from '../../../weights/weight-type';
import { KernelExports, kernels } from '../../../kernels';
import { Encoder, EncoderJob } from './encoder';
import { PartRole } from './scheme';

/** Carries out a scheme's kernel on rows, given the addresses of its results; returns the largest magnitude's bits. */
type EncodeRows = (source: number, rows: number, to: Targets) => number;

interface Targets {
  readonly data: number;
  readonly scales: number;
  /** One i8 a group, before they are packed. */
  readonly zeroPoints: number;
}

/** The encoder of a scheme. It takes its buffers from the kernels' arena, inside the caller's scope. */
export function makeEncoder(job: EncoderJob): Encoder {
  const { run, arena } = kernels();
  const { scheme, dtype, columns, maxRows } = job;
  const region = (role: PartRole) =>
    arena.alloc(scheme.parts({ rows: maxRows, columns }, dtype).find((part) => part.role === role)?.bytes ?? 0);
  const data = region('data');
  const scales = region('scale');
  const packed = region('zero-point');
  const groups = scheme.symmetric ? 0 : columns / scheme.groupSize!;
  const zeroPoints = arena.alloc(maxRows * groups);
  const encodeRows = kernelOf(run, job);
  return {
    encode: (source, rows) => {
      const absmaxBits = encodeRows(source, rows, { data: data.ptr, scales: scales.ptr, zeroPoints: zeroPoints.ptr });
      if (groups > 0) run.packZeroPoints(zeroPoints.ptr, rows, groups, packed.ptr);
      const parts = scheme.parts({ rows, columns }, dtype);
      const bytesOf = (role: PartRole) => parts.find((part) => part.role === role)?.bytes ?? 0;
      return {
        data: data.view.subarray(0, bytesOf('data')),
        scales: scales.view.subarray(0, bytesOf('scale')),
        ...(groups === 0 ? {} : { zeroPoints: packed.view.subarray(0, bytesOf('zero-point')) }),
        absmaxBits,
      };
    },
  };
}

function kernelOf(run: KernelExports, { scheme, dtype, columns, exact, globalScale, stats }: EncoderJob): EncodeRows {
  const type = KERNEL_TYPE[dtype];
  const suffix: `${typeof type}${'' | 'Exact'}` = exact ? `${type}Exact` : type;
  // Quotients of f32 weights are f32 in either mode, so most kernels have one form for them.
  const plain = suffix === 'F32Exact' ? 'F32' : suffix;
  const size = scheme.groupSize ?? columns;
  const groups = columns / size;
  switch (scheme.method) {
    case 'w8a8':
    case 'w8a16': {
      const flip = scheme.method === 'w8a16' ? 0x80 : 0;
      return (source, rows, to) =>
        run[`int8Runs${plain}`](source, rows * groups, size, flip, to.data, to.scales, stats);
    }
    case 'w4a16':
      return (source, rows, to) => run[`int4Groups${suffix}`](source, rows * groups, size, to.data, to.scales, stats);
    case 'w4a16-asym':
      return (source, rows, to) =>
        run[`int4GroupsAsymmetric${suffix}`](source, rows * groups, size, to.data, to.scales, to.zeroPoints, stats);
    case 'fp8':
      return (source, rows, to) => run[`fp8Runs${plain}`](source, rows, columns, to.data, to.scales, stats);
    case 'fp8-block':
      return (source, rows, to) => run[`fp8Blocks${plain}`](source, rows, columns, to.data, to.scales, stats);
    case 'nvfp4a16':
      return (source, rows, to) =>
        run[`nvfp4Groups${plain}`](source, rows * groups, globalScale!, to.data, to.scales, stats);
    case 'mxfp4a16':
      return (source, rows, to) => run[`mxfp4Groups${plain}`](source, rows * groups, to.data, to.scales, stats);
    case 'mxfp8':
      return (source, rows, to) => run[`mxfp8Groups${plain}`](source, rows * groups, to.data, to.scales, stats);
    default:
      throw new Error(`the method ${scheme.method} has no encoder`);
  }
}
