import { ConfigFile, setting } from './config-file';
import { SourceTensor } from './header';
import type { Weight } from './weights';
import { WeightType, weightBytes } from '../../weights/weight-type';

/** How a tensor of all of a layer's experts splits: into the projections of each, whose output features follow each other. */
export interface FusedExperts {
  readonly parent: string;
  readonly experts: number;
  readonly projections: readonly { readonly name: string; readonly rows: number }[];
  /** Input features. */
  readonly columns: number;
  /** Whether an expert's matrix is `[input, output]`, as matrix products from the right take it. */
  readonly inputMajor: boolean;
}

/** Why experts stay as they are that have biases: no engine takes these split, and some interleave gate and up. */
export const WITH_BIASES = 'its experts have biases, with which no loader takes them compressed';

/** Models that store their experts input-major, for when the extents are equal. */
const INPUT_MAJOR_MODELS = ['llama4', 'llama4_text', 'qwen3_vl_moe', 'qwen3_vl_moe_text'];

/** Models whose loaders know an expert's gate, up and down by other names than most. */
const OTHER_NAMES = [
  'mixtral',
  'phimoe',
  'minimax',
  'minimax_m2',
  'minimax_m3_vl',
  'lfm2_moe',
  'kimi_linear',
  'deepseek_v4',
];

/** The largest models have some hundreds of experts a layer; a header alone must not make us list millions. */
const MAX_EXPERTS = 4096;

const FUSED = /^(.*\.experts)\.(gate_up_proj|down_proj)(?:\.weight)?$/;

/** Name of the module whose experts lie in this tensor; undefined when it is no such tensor. */
export function fusedExpertsOf({ name, shape }: Pick<SourceTensor, 'name' | 'shape'>): string | undefined {
  return shape.length === 3 ? FUSED.exec(name)?.[1] : undefined;
}

/** Tells which tensors are a layer's experts in one piece, and which way round they lie. */
export class ExpertLayout {
  private readonly hidden: number | undefined;
  private readonly model: string;

  /** @param names of all tensors */
  constructor(
    config: ConfigFile | undefined,
    private readonly names: ReadonlySet<string>,
  ) {
    const hidden = setting(config, 'hidden_size');
    this.hidden = typeof hidden === 'number' ? hidden : undefined;
    const model = config?.members.get('model_type');
    this.model = typeof model === 'string' ? model : '';
  }

  /** The split; or why a fused expert tensor cannot be split; or '' when it is no such tensor. */
  of(tensor: SourceTensor): FusedExperts | string {
    const parent = fusedExpertsOf(tensor);
    if (parent === undefined) return '';
    const [experts, ...extents] = tensor.shape as [number, number, number];
    const fusesTwo = tensor.name.includes('.gate_up_proj');
    if (this.names.has(`${tensor.name}_bias`)) return WITH_BIASES;
    const inputMajor = this.isInputMajor(extents, fusesTwo);
    if (inputMajor === undefined) {
      return `hidden_size in config.json (${this.hidden ?? 'absent'}) does not tell which way round its experts lie`;
    }
    const [columns, rows] = inputMajor ? extents : extents.reverse();
    if (experts > MAX_EXPERTS) return `it has ${experts} experts, more than ${MAX_EXPERTS}`;
    if (fusesTwo && rows % 2 !== 0) return `its ${rows} rows do not split into gate and up`;
    const [gate, up, down] = OTHER_NAMES.includes(this.model)
      ? ['w1', 'w3', 'w2']
      : ['gate_proj', 'up_proj', 'down_proj'];
    const names = fusesTwo ? [gate, up] : [down];
    const projections = names.map((name) => ({ name, rows: rows / names.length }));
    return { parent, experts, projections, columns, inputMajor };
  }

  /** The model's own width is what goes into gate and up, and what comes out of down. */
  private isInputMajor(extents: readonly number[], fusesTwo: boolean): boolean | undefined {
    const isWidth = extents.map((extent) => extent === this.hidden);
    if (isWidth[0] && isWidth[1]) return INPUT_MAJOR_MODELS.includes(this.model);
    if (isWidth[0]) return fusesTwo;
    return isWidth[1] ? !fusesTwo : undefined;
  }
}

/** The experts' own matrices, as loaders name them. */
export function expertWeights(file: number, tensor: SourceTensor, dtype: WeightType, fused: FusedExperts): Weight[] {
  const { parent, columns, inputMajor, projections } = fused;
  const pitch = projections.reduce((sum, { rows }) => sum + rows, 0);
  const size = weightBytes(dtype);
  const weights: Weight[] = [];
  for (let expert = 0; expert < fused.experts; expert++) {
    let before = 0;
    for (const { name, rows } of projections) {
      const offset = tensor.offset + (expert * pitch * columns + before * (inputMajor ? 1 : columns)) * size;
      const place = { file, offset, ...(inputMajor ? { pitch } : {}) };
      weights.push({ module: `${parent}.${expert}.${name}`, dtype, rows, columns, ...place });
      before += rows;
    }
  }
  return weights;
}
