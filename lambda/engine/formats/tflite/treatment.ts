import { InvalidRecipeError } from '../../errors';
import { Recipe, refuseQuantFormat } from '../../recipe';
import { Constant, valueCount } from './constants';
import { OP, TYPE, typeName } from './model-fields';
import { commonUse, CommonUse, ScaleLayout } from './weight-rules';
import { CHUNK_VALUES } from './weight-stream';

/** Smaller tensors stay as they are: the scales and the conversions would cost more than they save. */
export const MIN_VALUES = 1024;
/** A channel's values are read together; wider ones would not fit the memory of a worker. */
const MAX_CHANNELS = 1 << 20;

const METHODS = ['int8', 'int4', 'fp16', 'none'];

/** What happens to one constant. */
export interface Treatment {
  readonly action: 'int8' | 'int4' | 'fp16' | 'prune' | 'keep';
  readonly prune?: number | '2:4';
  /** The rule that kept it, or gave it int8 instead of int4. */
  readonly reason?: string;
  /** For `int8` and `int4`. */
  readonly integers?: Integers;
  /** The constant would have been pruned if its rows divided by four. */
  readonly pruneSkipped?: true;
}

/** How a constant is stored in integers. */
export interface Integers {
  readonly bits: 4 | 8;
  readonly scales: ScaleLayout;
  /** Whether scales are sought that leave less error than those of the largest magnitudes. */
  readonly fit: boolean;
  /** Whether the operators' rules are those of the converter alone. */
  readonly mode: 'exact' | 'best';
  /** Whether an operator takes the scales from the tensor. */
  readonly onTensor: boolean;
  /** Whether an operator takes rows, whose scales are a constant of their own. */
  readonly onRows: boolean;
}

/** Turns a recipe's words into treatments. */
export class TreatmentRules {
  private readonly ignore: readonly { pattern: string; matches: (name: string) => boolean }[];
  private readonly overrides: readonly { method: string; matches: (name: string) => boolean }[];

  /**
   * @param mayInsert Whether operators may be added to the model.
   * @throws InvalidRecipeError when the recipe asks for what TFLite does not have.
   */
  constructor(
    private readonly recipe: Recipe,
    private readonly mayInsert: boolean,
  ) {
    for (const method of [recipe.method, ...(recipe.overrides ?? []).map((override) => override.method)]) {
      if (METHODS.includes(method)) continue;
      throw new InvalidRecipeError(
        `method ${method} is not for TFLite models; they take int8, int4, fp16, or none with a share to prune`,
      );
    }
    if (recipe.groupSize !== undefined || recipe.overrides?.some((override) => override.groupSize !== undefined)) {
      throw new InvalidRecipeError(
        'groupSize is not for TFLite models: their weights share a scale per channel; leave it out',
      );
    }
    refuseQuantFormat(recipe, 'TFLite models');
    this.ignore = (recipe.ignore ?? []).map((pattern) => ({ pattern, matches: matcher(pattern) }));
    this.overrides = (recipe.overrides ?? []).map(({ method, match }) => ({ method, matches: matcher(match) }));
  }

  /** @param refusal Why the constant may not become integers, where something beyond its own uses says so. */
  treat(constant: Constant, refusal?: string): Treatment {
    const names = constant.tensors.map((tensor) => tensor.name);
    const tensor = constant.tensors[0];
    const other = constant.tensors.find(({ type }) => type !== TYPE.float32);
    if (other !== undefined) return keep(`it is ${typeName(other.type)}, not FLOAT32`);
    if (constant.obstacle !== undefined) return keep(constant.obstacle);
    if (constant.tensors.some(({ shape }) => shape.join() !== tensor.shape.join()))
      return keep('tensors of different shapes share its data');
    if (valueCount(tensor.shape) < MIN_VALUES) return keep(`it has fewer than ${MIN_VALUES} values`);
    if (constant.uses.length === 0) return keep('no operator reads it');
    const ignored = this.ignore.find(({ matches }) => names.some(matches));
    if (ignored !== undefined) return keep(`the recipe ignores ${ignored.pattern}`);
    const method = this.overrides.find(({ matches }) => names.some(matches))?.method ?? this.recipe.method;
    const use = commonUse(constant.uses, this.recipe.mode);
    const pruning = typeof use === 'string' ? {} : this.pruning(tensor.shape);
    const treatment = this.byMethod(method, constant, refusal ?? use, pruning);
    if (treatment.action !== 'keep' || pruning.prune === undefined) return treatment;
    return { action: 'prune', ...pruning };
  }

  private byMethod(
    method: string,
    constant: Constant,
    use: CommonUse | string,
    pruning: Pick<Treatment, 'prune' | 'pruneSkipped'>,
  ): Treatment {
    if (method === 'none') {
      if (pruning.pruneSkipped) return { ...keep('its last dimension does not divide by 4, as 2:4 needs'), ...pruning };
      return keep(typeof use === 'string' ? use : 'the recipe has no method for it');
    }
    if (method === 'fp16') {
      if (!this.mayInsert) return keep('the model fixes the order of its operators, which fp16 would add to');
      const custom = constant.uses.find(({ operator }) => operator.builtin === OP.custom);
      if (custom !== undefined) return keep(`the custom operator ${custom.operator.name} reads it`);
      return { action: 'fp16', ...pruning };
    }
    if (typeof use === 'string') return keep(use);
    if (use.inserts && !this.mayInsert)
      return keep('the model fixes the order of its operators, which integers would add to');
    const { shape } = constant.tensors[0];
    if (use.scales === 'last' && shape[shape.length - 1] > MAX_CHANNELS)
      return keep(`it has more than ${MAX_CHANNELS} channels`);
    const reason = method === 'int4' ? obstacleToInt4(use, shape) : undefined;
    const bits = method === 'int8' || reason !== undefined ? 8 : 4;
    const { scales, mode, onTensor, onRows } = use;
    const integers = { bits, scales, mode, onTensor, onRows, fit: this.recipe.mode === 'best' } as const;
    return { action: bits === 8 ? 'int8' : 'int4', integers, ...(reason === undefined ? {} : { reason }), ...pruning };
  }

  /** Only weights of matrix products and tables are pruned; zeros elsewhere would be wrong numbers, not missing links. */
  private pruning(shape: readonly number[]): Pick<Treatment, 'prune' | 'pruneSkipped'> {
    const { prune } = this.recipe;
    if (prune === undefined) return {};
    if (prune === '2:4' && shape[shape.length - 1] % 4 !== 0) return { pruneSkipped: true };
    return { prune };
  }
}

/** Why a weight that may be int8 may not be int4. */
function obstacleToInt4(use: CommonUse, shape: readonly number[]): string | undefined {
  if (use.noInt4 !== undefined) return `int4 has no kernel for ${use.noInt4}`;
  const run = valueCount(shape.slice(1));
  // Two rows share a byte then, and are read together.
  return run % 2 === 1 && run * 2 > CHUNK_VALUES ? 'its rows are odd and too long for int4' : undefined;
}

function keep(reason: string): Treatment {
  return { action: 'keep', reason };
}

function matcher(pattern: string): (name: string) => boolean {
  if (!pattern.startsWith('re:')) return (name) => name === pattern;
  const expression = new RegExp(`^(?:${pattern.slice(3)})`);
  return (name) => expression.test(name);
}
