import { InvalidRecipeError } from '../../../errors';
import { bitsOf } from '../dtypes';
import { PartRole, Scheme, SchemePart } from './scheme';

/** Rows and columns of the blocks of `fp8-block`. */
export const BLOCK = 128;

/**
 * The number format of a method.
 *
 * @throws InvalidRecipeError for a method that safetensors checkpoints have no loader for, or a group size that the
 * method does not allow.
 */
export function schemeOf(method: string, groupSize: number | undefined): Scheme {
  const make = SCHEMES[method];
  if (make === undefined) {
    throw new InvalidRecipeError(
      `method ${method} is not one for safetensors checkpoints; choose one of ${Object.keys(SCHEMES).join(', ')}, fp16, bf16 or none`,
    );
  }
  const fixed = FIXED_GROUPS[method];
  if (groupSize !== undefined && method in FIXED_GROUPS && groupSize !== fixed) {
    const allowed = fixed === undefined ? 'has no groups' : `has groups of ${fixed}`;
    throw new InvalidRecipeError(
      `method ${method} ${allowed}, received groupSize ${groupSize}; leave it out or choose w4a16 or w8a16`,
    );
  }
  return make(groupSize ?? fixed ?? 128);
}

const FIXED_GROUPS: Readonly<Record<string, number | undefined>> = {
  int8: undefined,
  w8a8: undefined,
  fp8: undefined,
  'fp8-block': undefined,
  nvfp4a16: 16,
  mxfp4a16: 32,
  mxfp8: 32,
};

const perToken = (type: string) => ({ num_bits: 8, type, symmetric: true, strategy: 'token', dynamic: true });
const perChannel = (type: string) => ({ num_bits: 8, type, symmetric: true, strategy: 'channel', dynamic: false });

function perRow(method: string, format: string, type: string, stored: string): Scheme {
  return {
    method,
    format,
    groupSize: undefined,
    columnMultiple: 1,
    rowMultiple: 1,
    sharesScale: false,
    symmetric: true,
    weights: perChannel(type),
    inputActivations: perToken(type),
    parts: ({ rows, columns }, dtype) => [
      part('weight', 'data', stored, [rows, columns]),
      part('weight_scale', 'scale', dtype, [rows, 1]),
    ],
  };
}

function packedInteger(method: string, bits: number, symmetric: boolean, group: number): Scheme {
  return {
    method,
    format: 'pack-quantized',
    groupSize: group,
    columnMultiple: group,
    rowMultiple: symmetric ? 1 : 8,
    sharesScale: false,
    symmetric,
    weights: { num_bits: bits, type: 'int', symmetric, strategy: 'group', group_size: group, dynamic: false },
    inputActivations: null,
    parts: ({ rows, columns }, dtype) => [
      part('weight_packed', 'data', 'I32', [rows, (columns * bits) / 32]),
      part('weight_scale', 'scale', dtype, [rows, columns / group]),
      ...(symmetric
        ? []
        : [part('weight_zero_point', 'zero-point', 'I32', [Math.ceil((rows * bits) / 32), columns / group])]),
      part('weight_shape', 'shape', 'I64', [2]),
    ],
  };
}

function microscaling(method: string, bits: number, format: string, withActivations: boolean): Scheme {
  const numbers = {
    num_bits: bits,
    type: 'float',
    symmetric: true,
    strategy: 'group',
    group_size: 32,
    scale_dtype: 'torch.uint8',
  };
  return {
    method,
    format,
    groupSize: 32,
    columnMultiple: 32,
    rowMultiple: 1,
    sharesScale: false,
    symmetric: true,
    weights: { ...numbers, dynamic: false },
    inputActivations: withActivations ? { ...numbers, dynamic: true } : null,
    parts: ({ rows, columns }) => [
      bits === 4
        ? part('weight_packed', 'data', 'U8', [rows, columns / 2])
        : part('weight', 'data', 'F8_E4M3', [rows, columns]),
      part('weight_scale', 'scale', 'U8', [rows, columns / 32]),
    ],
  };
}

const fp8Block: Scheme = {
  method: 'fp8-block',
  format: 'float-quantized',
  groupSize: undefined,
  columnMultiple: 1,
  rowMultiple: BLOCK,
  sharesScale: false,
  symmetric: true,
  weights: {
    num_bits: 8,
    type: 'float',
    symmetric: true,
    strategy: 'block',
    block_structure: [BLOCK, BLOCK],
    dynamic: false,
  },
  inputActivations: {
    num_bits: 8,
    type: 'float',
    symmetric: true,
    strategy: 'group',
    group_size: BLOCK,
    dynamic: true,
  },
  parts: ({ rows, columns }, dtype) => [
    part('weight', 'data', 'F8_E4M3', [rows, columns]),
    part('weight_scale', 'scale', dtype, [Math.ceil(rows / BLOCK), Math.ceil(columns / BLOCK)]),
  ],
};

const nvfp4: Scheme = {
  method: 'nvfp4a16',
  format: 'nvfp4-pack-quantized',
  groupSize: 16,
  columnMultiple: 16,
  rowMultiple: 1,
  sharesScale: true,
  symmetric: true,
  weights: {
    num_bits: 4,
    type: 'float',
    symmetric: true,
    strategy: 'tensor_group',
    group_size: 16,
    dynamic: false,
    scale_dtype: 'torch.float8_e4m3fn',
  },
  inputActivations: null,
  parts: ({ rows, columns }) => [
    part('weight_packed', 'data', 'U8', [rows, columns / 2]),
    part('weight_scale', 'scale', 'F8_E4M3', [rows, columns / 16]),
    part('weight_global_scale', 'global-scale', 'F32', [1]),
  ],
};

const SCHEMES: Readonly<Record<string, (group: number) => Scheme>> = {
  int8: () => perRow('w8a8', 'int-quantized', 'int', 'I8'),
  w8a8: () => perRow('w8a8', 'int-quantized', 'int', 'I8'),
  w8a16: (group) => packedInteger('w8a16', 8, true, group),
  w4a16: (group) => packedInteger('w4a16', 4, true, group),
  'w4a16-asym': (group) => packedInteger('w4a16-asym', 4, false, group),
  fp8: () => perRow('fp8', 'float-quantized', 'float', 'F8_E4M3'),
  'fp8-block': () => fp8Block,
  nvfp4a16: () => nvfp4,
  mxfp4a16: () => microscaling('mxfp4a16', 4, 'mxfp4-pack-quantized', false),
  mxfp8: () => microscaling('mxfp8', 8, 'mxfp8-quantized', true),
};

function part(suffix: string, role: PartRole, dtype: string, shape: readonly number[]): SchemePart {
  const elements = shape.reduce((product, extent) => product * extent, 1);
  return { suffix, role, dtype, shape, bytes: (elements * bitsOf(dtype)!) / 8 };
}
