import { Scheme } from './schemes/scheme';
import { SourceRange } from '../../steps';
import { WeightType, weightBytes } from '../../weights/weight-type';
import { CostedStep, OutputTensor, OutputUnit } from './output-unit';
import { ConvertStep, QuantizeStep } from './safetensors-steps';
import { SelectedTensor } from './selection';
import { MAX_BAND_BYTES } from './turned-source';
import { rangeOf, sourceBytes, spanOf, spansOf, Weight } from './weights';

/** Scales that one step may hold until it has seen all of its rows, in bytes; more are made in several steps. */
const MAX_HELD_BYTES = 32 << 20;

/** Lays out a tensor that keeps its bytes: copies of at most `target` bytes. */
export function copiedUnit({ tensor, shard }: SelectedTensor, index: number, target: number): OutputUnit {
  const steps = ranges(shard.file, tensor.offset, tensor.length, target, 1).map((from): CostedStep => ({
    step: { kind: 'copy', length: from.length, from, tensor: index },
    cost: from.length,
  }));
  return { tensors: [{ name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, bytes: tensor.length }], steps };
}

/** Lays out a tensor that is pruned, or rounded to another plain type; its name and shape stay. */
export function convertedUnit(selected: SelectedTensor, index: number, target: number): OutputUnit {
  const { tensor, shard, treatment, weights } = selected;
  const dtype = tensor.dtype as WeightType;
  const to = treatment.castTo ?? dtype;
  const whole = { file: shard.file, offset: tensor.offset, length: tensor.length };
  const matrices = treatment.prune ? spansOf(weights) : [{ ...whole, dtype }];
  const steps = matrices.flatMap((matrix) =>
    ranges(matrix.file, matrix.offset, matrix.length, target, 4 * weightBytes(dtype)).map((from): CostedStep => {
      const step: ConvertStep = {
        kind: 'safetensors.convert',
        length: (from.length / weightBytes(dtype)) * weightBytes(to),
        tensor: index,
        module: tensor.name,
        from: { ...from, dtype },
        to,
        ...(treatment.prune ? { prunedWithin: matrix } : {}),
      };
      return { step, cost: treatment.prune ? from.length + matrix.length : from.length };
    }),
  );
  const bytes = (tensor.length / weightBytes(dtype)) * weightBytes(to);
  return { tensors: [{ name: tensor.name, dtype: to, shape: tensor.shape, bytes }], steps };
}

/**
 * Lays out a weight in a number format: its tensors one after the other, so that one step can make them all.
 *
 * @param target - source bytes of a step where the weight is cut into rows
 * @param most - source bytes of a weight that is not cut
 */
export function quantizedUnit(
  weight: Weight,
  scheme: Scheme,
  prune: boolean,
  index: number,
  target: number,
  most: number,
  shared: readonly Weight[] | undefined,
): OutputUnit {
  const { module, rows, columns, dtype } = weight;
  const parts = scheme.parts(weight, dtype);
  const tensors = parts.map((part): OutputTensor => ({
    name: `${module}.${part.suffix}`,
    dtype: part.dtype,
    shape: part.shape,
    bytes: part.bytes,
  }));
  const rowBytes = columns * weightBytes(dtype);
  const firstPass =
    (shared ?? []).reduce((sum, member) => sum + sourceBytes(member), 0) + (prune ? bytesRead(weight, rows) : 0);
  const make = (emit: QuantizeStep['emit'], begin: number, end: number): CostedStep => {
    const made = scheme.parts({ rows: end - begin, columns }, dtype).filter(({ role }) => emit.includes(role));
    const step: QuantizeStep = {
      kind: 'safetensors.quantize',
      length: made.reduce((sum, { bytes }) => sum + bytes, 0),
      tensor: index,
      module,
      from: rangeOf(weight),
      rows,
      columns,
      method: scheme.method,
      ...(scheme.groupSize === undefined ? {} : { groupSize: scheme.groupSize }),
      begin,
      end,
      emit,
      ...(shared === undefined ? {} : { shared: spansOf(shared) }),
      prune,
    };
    return {
      step,
      cost: bytesRead(weight, end - begin) + (shared === undefined || shared[0] === weight ? firstPass : 0),
    };
  };
  const roles = parts.map(({ role }) => role);
  const held = parts.filter(({ role }) => role !== 'data').reduce((sum, { bytes }) => sum + bytes, 0);
  if (rows * rowBytes <= most && held <= MAX_HELD_BYTES) return { tensors, steps: [make(roles, 0, rows)] };
  const inRows = (emit: QuantizeStep['emit'], bytes: number, bytesPerRow: number): CostedStep[] => {
    const unit = scheme.rowMultiple;
    const count = Math.max(unit, Math.floor(bytes / bytesPerRow / unit) * unit);
    return Array.from({ length: Math.ceil(rows / count) }, (_, i) =>
      make(emit, i * count, Math.min(rows, (i + 1) * count)),
    );
  };
  const rest = roles.filter((role) => role !== 'data');
  const afterData =
    held <= MAX_HELD_BYTES
      ? [make(rest, 0, rows)]
      : parts
          .slice(1)
          .flatMap(({ role, bytes }) =>
            bytes <= MAX_HELD_BYTES ? [make([role], 0, rows)] : inRows([role], MAX_HELD_BYTES, bytes / rows),
          );
  return { tensors, steps: [...inRows(['data'], target, rowBytes), ...afterData] };
}

/** Bytes that are read for some of a weight's rows: of one that lies input-major, nearly all for each band of them. */
function bytesRead(weight: Weight, rows: number): number {
  const bytes = rows * weight.columns * weightBytes(weight.dtype);
  return weight.pitch === undefined ? bytes : Math.ceil(bytes / MAX_BAND_BYTES) * spanOf(weight).length;
}

function ranges(file: number, offset: number, length: number, most: number, unit: number): SourceRange[] {
  const size = Math.max(unit, Math.floor(most / unit) * unit);
  return Array.from({ length: Math.ceil(length / size) }, (_, i) => ({
    file,
    offset: offset + i * size,
    length: Math.min(size, length - i * size),
  }));
}
