import { Checkpoint, Shard } from './checkpoint';
import { WeightType, isWeightType, weightBytes } from '../../weights/weight-type';
import { ExpertLayout, expertWeights } from './fused-experts';
import { SourceTensor } from './header';

/** A matrix that a recipe may compress: a tensor of the source, or one expert's share of a fused one. */
export interface Weight {
  /** The module's name: what comes before `.weight`. */
  readonly module: string;
  readonly dtype: WeightType;
  readonly rows: number;
  readonly columns: number;
  /** Index into the source's files. */
  readonly file: number;
  /** First byte in that file; the rows follow each other. */
  readonly offset: number;
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
  const layout = new ExpertLayout(checkpoint.config);
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
