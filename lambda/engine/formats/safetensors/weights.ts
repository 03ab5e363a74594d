import { Checkpoint, Shard } from './checkpoint';
import { WeightType, isWeightType, weightBytes } from '../../weights/weight-type';
import { ExpertLayout, expertWeights } from './fused-experts';
import { SourceTensor } from './header';
import { SharedRange } from './safetensors-steps';
import { WeightRange } from '../../weights/weight-range';

/** A matrix that a recipe may compress: a tensor of the source, or one expert's share of a fused one. */
export interface Weight {
  /** The module's name: what comes before `.weight`. */
  readonly module: string;
  readonly dtype: WeightType;
  readonly rows: number;
  readonly columns: number;
  /** Index into the source's files. */
  readonly file: number;
  /** First byte in that file; the rows follow each other, unless there is a pitch. */
  readonly offset: number;
  /** Where it lies input-major: weights from one input feature to the next; those of an output feature are so far apart. */
  readonly pitch?: number;
}

/** A tensor with the weights that it holds; none where only a copy makes sense. */
export interface TensorWeights {
  readonly shard: Shard;
  readonly tensor: SourceTensor;
  readonly weights: readonly Weight[];
  /** Why there are no weights. */
  readonly reason: string;
}

/** Every tensor of the checkpoint, shard by shard, with the matrices that lie in it. */
export function findWeights(checkpoint: Checkpoint): TensorWeights[] {
  const names = checkpoint.shards.flatMap(({ header }) => header.tensors.map(({ name }) => name));
  const layout = new ExpertLayout(checkpoint.config, new Set(names));
  return checkpoint.shards.flatMap((shard) =>
    shard.header.tensors.map((tensor) => {
      const found = weightsOf(shard, tensor, layout);
      return typeof found === 'string'
        ? { shard, tensor, weights: [], reason: found }
        : { shard, tensor, weights: found, reason: '' };
    }),
  );
}

function weightsOf(shard: Shard, tensor: SourceTensor, layout: ExpertLayout): Weight[] | string {
  const { name, dtype, shape } = tensor;
  if (!isWeightType(dtype)) return `its type ${dtype} is not one that is compressed (BF16, F16, F32)`;
  if (tensor.length === 0) return 'it is empty';
  if (shape.length === 3) {
    const experts = layout.of(tensor);
    if (typeof experts !== 'string') return expertWeights(shard.file, tensor, dtype, experts);
    if (experts !== '') return experts;
  }
  if (!name.endsWith('.weight')) return 'its name does not end in .weight';
  if (shape.length !== 2) return `it has ${shape.length} ${shape.length === 1 ? 'dimension' : 'dimensions'}, not 2`;
  const [rows, columns] = shape as [number, number];
  return [{ module: name.slice(0, -'.weight'.length), dtype, rows, columns, file: shard.file, offset: tensor.offset }];
}

/** Bytes of a weight in the source. */
export function sourceBytes(weight: Weight): number {
  return weight.rows * weight.columns * weightBytes(weight.dtype);
}

/** A weight as steps name it. */
export function rangeOf(weight: Weight): WeightRange {
  const { file, offset, dtype, pitch } = weight;
  return { file, offset, length: sourceBytes(weight), dtype, ...(pitch === undefined ? {} : { pitch }) };
}

/** The bytes from a weight's first to its last, others between them included. */
export function spanOf(weight: Weight): WeightRange {
  const { file, offset, dtype, pitch, rows, columns } = weight;
  const between = pitch === undefined ? 0 : (columns - 1) * (pitch - rows) * weightBytes(dtype);
  return { file, offset, length: sourceBytes(weight) + between, dtype };
}

/** The ranges that hold these weights; one where they lie in each other, as gate and up of one matrix do. */
export function spansOf(weights: readonly Weight[]): SharedRange[] {
  const spans: SharedRange[] = [];
  for (const weight of weights) {
    const span = { ...spanOf(weight), module: weight.module };
    const last = spans.at(-1);
    if (last?.file === span.file && last.offset <= span.offset && span.offset < last.offset + last.length) {
      const module = `${last.module} or ${span.module}`;
      spans[spans.length - 1] = { ...last, module, length: span.offset + span.length - last.offset };
    } else spans.push(span);
  }
  return spans;
}
