import { ConfigFile, setting } from './config-file';
import { WeightType, weightBytes } from '../../weights/weight-type';
import { SourceTensor } from './header';
import type { Weight } from './weights';

/** How a fused expert tensor `[experts, rows, columns]` splits: the projections whose rows follow each other. */
export interface FusedExperts {
  readonly parent: string;
  readonly experts: number;
  readonly projections: readonly { readonly name: string; readonly rows: number }[];
  readonly columns: number;
}

/** Why a fused tensor is kept whose rows are input features: what shares a scale lies all over it. */
export const INPUT_MAJOR = 'its experts lie input-major (transposed), which the formats do not take';

/** Models that store their experts input-major, so that an output feature is a column: their rows cannot be quantized. */
const TRANSPOSED_MODELS = ['llama4', 'llama4_text', 'gpt_oss'];

/** The largest models have some hundreds of experts a layer; a header alone must not make us list millions. */
const MAX_EXPERTS = 4096;

/** Tells which 3-D tensors are a layer's experts in one piece, and which way round they lie. */
export class ExpertLayout {
  private readonly hidden: number | undefined;
  private readonly model: string;

  constructor(config: ConfigFile | undefined) {
    const hidden = setting(config, 'hidden_size');
    this.hidden = typeof hidden === 'number' ? hidden : undefined;
    const model = config?.members.get('model_type');
    this.model = typeof model === 'string' ? model : '';
  }

  /** The split; or why a fused expert tensor cannot be split; or '' when it is no such tensor. */
  of(tensor: SourceTensor): FusedExperts | string {
    const match = /^(.*\.experts)\.(gate_up_proj|down_proj)(?:\.weight)?$/.exec(tensor.name);
    if (match === null) return '';
    const [experts, rows, columns] = tensor.shape as [number, number, number];
    const fusesTwo = match[2] === 'gate_up_proj';
    const [inward, outward] = fusesTwo ? [columns, rows] : [rows, columns];
    if (TRANSPOSED_MODELS.includes(this.model) || (inward !== this.hidden && outward === this.hidden)) {
      return INPUT_MAJOR;
    }
    if (inward !== this.hidden) {
      return `hidden_size in config.json (${this.hidden ?? 'absent'}) does not tell which way round its experts lie`;
    }
    if (experts > MAX_EXPERTS) return `it has ${experts} experts, more than ${MAX_EXPERTS}`;
    if (fusesTwo && rows % 2 !== 0) return `its ${rows} rows do not split into gate and up`;
    const projections = fusesTwo
      ? [
          { name: 'gate_proj', rows: rows / 2 },
          { name: 'up_proj', rows: rows / 2 },
        ]
      : [{ name: 'down_proj', rows }];
    return { parent: match[1], experts, projections, columns };
  }
}

/** The experts' own matrices, as loaders name them. */
export function expertWeights(file: number, tensor: SourceTensor, dtype: WeightType, fused: FusedExperts): Weight[] {
  const weights: Weight[] = [];
  let offset = tensor.offset;
  for (let expert = 0; expert < fused.experts; expert++) {
    for (const { name, rows } of fused.projections) {
      weights.push({ module: `${fused.parent}.${expert}.${name}`, dtype, rows, columns: fused.columns, file, offset });
      offset += rows * fused.columns * weightBytes(dtype);
    }
  }
  return weights;
}
