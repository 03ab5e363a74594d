import { deflateRawSync } from 'node:zlib';
import { Step } from '../../steps';
import { valueCount } from './constants';
import { Decided, shapeOf } from './decided';
import { ScalarsNode } from './flatbuffer-nodes';
import { writeFlatbuffer } from './write-flatbuffer';
import { Segment } from '../cut-pieces';
import { PlacedData, RewrittenModel } from './rewrite-model';
import { FloatStep, IntegerStep, ScaledWeights, StructureStep } from './tflite-steps';
import { scaleCount } from './weight-rules';

/** TensorFlow aligns data to this many bytes, so that kernels may read it in vector registers. */
const ALIGNMENT = 16;
/** Values between possible cuts where rows do not matter; a multiple of four, for 2:4. */
const CUT_VALUES = 1024;

/**
 * Lays out the artifact's model: the structure, then the data it points to.
 *
 * @param file Index of the model among the source's files.
 * @param tensorOf Index of a constant among the plan's tensors.
 */
export function layOutModel(model: RewrittenModel, file: number, tensorOf: (decided: Decided) => number): Segment[] {
  const written = writeFlatbuffer(model.root, 'TFL3');
  const view = new DataView(written.bytes.buffer, written.bytes.byteOffset, written.bytes.length);
  const segments: Segment[] = [];
  let end = written.bytes.length;
  for (const placed of model.data) {
    const gap = -end & (ALIGNMENT - 1);
    if (gap > 0) segments.push(literal(new Uint8Array(gap)));
    end += gap;
    view.setBigUint64(written.field(placed.owner, placed.offsetSlot), BigInt(end), true);
    segments.push(dataSegment(placed, file, tensorOf));
    end += placed.length;
  }
  return [structureSegment(written.bytes, model.scales, (vector) => written.elements(vector), file), ...segments];
}

function structureSegment(
  bytes: Uint8Array,
  scales: ReadonlyMap<Decided, readonly ScalarsNode[]>,
  place: (vector: ScalarsNode) => number,
  file: number,
): Segment {
  if (scales.size === 0) return literal(bytes);
  const step: StructureStep = {
    kind: 'tflite.structure',
    length: bytes.length,
    data: base64(deflateRawSync(bytes)),
    scales: [...scales].map(([decided, vectors]) => ({
      at: vectors.map(place),
      weights: scaledWeights(decided, file),
    })),
  };
  const read = [...scales.keys()].reduce((sum, { constant }) => sum + constant.region.length, 0);
  return { length: bytes.length, unit: bytes.length, costPerByte: 0, fixedCost: read, step: () => step };
}

function dataSegment(placed: PlacedData, file: number, tensorOf: (decided: Decided) => number): Segment {
  const { decided, region, length } = placed;
  const from = { file, ...region };
  if (decided === undefined || decided.treatment.action === 'keep') {
    const tensor = decided === undefined ? {} : { tensor: tensorOf(decided) };
    const step = (first: number, part: number): Step => ({
      kind: 'copy',
      length: part,
      from: { file, offset: region.offset + first, length: part },
      ...tensor,
    });
    return { length, unit: 1, costPerByte: 1, fixedCost: 0, step };
  }
  const tensor = tensorOf(decided);
  const { action, integers, prune } = decided.treatment;
  const thresholdCost = typeof prune === 'number' ? region.length : 0;
  if (integers !== undefined) {
    const weights = scaledWeights(decided, file);
    const shape = shapeOf(decided);
    const perByte = 8 / integers.bits;
    const step = (first: number, part: number): IntegerStep => ({
      kind: 'tflite.integer',
      length: part,
      tensor,
      weights,
      first: first * perByte,
    });
    // Channels that follow each other give their scales themselves; otherwise all values are read for them.
    const scaleCost = integers.scales === 'first' ? 0 : region.length;
    const values = { first: valueCount(shape.slice(1)), last: shape[shape.length - 1], all: CUT_VALUES };
    const unit = values[integers.scales];
    return {
      length,
      // Where two values share a byte, two channels may.
      unit: unit % perByte === 0 ? unit / perByte : unit,
      costPerByte: 4 * perByte,
      fixedCost: thresholdCost + scaleCost,
      step,
    };
  }
  const [to, width] = action === 'fp16' ? (['f16', 2] as const) : (['f32', 4] as const);
  const step = (first: number, part: number): FloatStep => ({
    kind: 'tflite.float',
    length: part,
    tensor,
    from,
    to,
    first: first / width,
    name: decided.constant.tensors[0].name,
    ...(prune === undefined ? {} : { prune }),
  });
  return { length, unit: CUT_VALUES * width, costPerByte: 4 / width, fixedCost: thresholdCost, step };
}

function scaledWeights({ constant, treatment }: Decided, file: number): ScaledWeights {
  const { scales, bits, fit } = treatment.integers!;
  return {
    from: { file, ...constant.region },
    scales,
    count: scaleCount(scales, constant.tensors[0].shape),
    bits,
    fit,
    ...(treatment.prune === undefined ? {} : { prune: treatment.prune }),
    name: constant.tensors[0].name,
  };
}

function literal(bytes: Uint8Array): Segment {
  const step = (): Step => ({ kind: 'literal', length: bytes.length, data: base64(bytes) });
  return { length: bytes.length, unit: bytes.length, costPerByte: 0, fixedCost: 0, step };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
