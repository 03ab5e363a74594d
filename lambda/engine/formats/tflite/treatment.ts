import { InvalidRecipeError } from '../../errors';
import { Recipe } from '../../recipe';
import { Constant, valueCount } from './constants';
import { OP, TYPE, typeName } from './model-fields';
import { ruleFor, ScaleLayout, WeightRule } from './weight-rules';

/** Smaller tensors stay as they are: the scales and the conversions would cost more than they save. */
export const MIN_VALUES = 1024;
/** A channel's values are read together; wider ones would not fit the memory of a worker. */
const MAX_CHANNELS = 1 << 20;

const METHODS = ['int8', 'fp16', 'none'];

/** What happens to one constant. */
export interface Treatment {
  readonly action: 'int8' | 'fp16' | 'prune' | 'keep';
  readonly prune?: number | '2:4';
  /** For `keep`: the rule that kept it. */
  readonly reason?: string;
  /** For `int8`: which values share a scale. */
  readonly scales?: ScaleLayout;
  /** The constant would have been pruned if its rows divided by four. */
  readonly pruneSkipped?: true;
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
        `method ${method} is not for TFLite models; they take int8, fp16, or none with a share to prune`,
      );
    }
    if (recipe.groupSize !== undefined || recipe.overrides?.some((override) => override.groupSize !== undefined)) {
      throw new InvalidRecipeError(
        'groupSize is not for TFLite models: their int8 weights share a scale per channel; leave it out',
      );
    }
    this.ignore = (recipe.ignore ?? []).map((pattern) => ({ pattern, matches: matcher(pattern) }));
    this.overrides = (recipe.overrides ?? []).map(({ method, match }) => ({ method, matches: matcher(match) }));
  }

  treat(constant: Constant): Treatment {
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
    const rule = commonRule(constant);
    const pruning = typeof rule === 'string' ? {} : this.pruning(tensor.shape);
    const treatment = this.byMethod(method, constant, rule, pruning);
    if (treatment.action !== 'keep' || pruning.prune === undefined) return treatment;
    return { action: 'prune', ...pruning };
  }

  private byMethod(
    method: string,
    constant: Constant,
    rule: WeightRule | string,
    pruning: Pick<Treatment, 'prune' | 'pruneSkipped'>,
  ): Treatment {
    if (method === 'none') {
      if (pruning.pruneSkipped) return { ...keep('its last dimension does not divide by 4, as 2:4 needs'), ...pruning };
      return keep(typeof rule === 'string' ? rule : 'the recipe has no method for it');
    }
    if (method === 'fp16') {
      if (!this.mayInsert) return keep('the model fixes the order of its operators, which fp16 would add to');
      const custom = constant.uses.find(({ operator }) => operator.builtin === OP.custom);
      if (custom !== undefined) return keep(`the custom operator ${custom.operator.name} reads it`);
      return { action: 'fp16', ...pruning };
    }
    if (typeof rule === 'string') return keep(rule);
    if (rule.int8Result && !this.mayInsert)
      return keep('the model fixes the order of its operators, which int8 would add to');
    const shape = constant.tensors[0].shape;
    if (rule.scales === 'last' && shape[shape.length - 1] > MAX_CHANNELS)
      return keep(`it has more than ${MAX_CHANNELS} channels`);
    return { action: 'int8', scales: rule.scales, ...pruning };
  }

  /** Only weights of matrix products and tables are pruned; zeros elsewhere would be wrong numbers, not missing links. */
  private pruning(shape: readonly number[]): Pick<Treatment, 'prune' | 'pruneSkipped'> {
    const { prune } = this.recipe;
    if (prune === undefined) return {};
    if (prune === '2:4' && shape[shape.length - 1] % 4 !== 0) return { pruneSkipped: true };
    return { prune };
  }
}

/** The rule that all uses of a constant share, or why there is none. */
function commonRule(constant: Constant): WeightRule | string {
  let common: WeightRule | undefined;
  for (const use of constant.uses) {
    const rule = ruleFor(use.operator, use.input, use.graph);
    if (typeof rule === 'string') return rule;
    if (common !== undefined && common.scales !== rule.scales)
      return `${use.operator.name} and another operator that read it share no scale`;
    common ??= rule;
  }
  return common ?? 'no operator reads it';
}

function keep(reason: string): Treatment {
  return { action: 'keep', reason };
}

function matcher(pattern: string): (name: string) => boolean {
  if (!pattern.startsWith('re:')) return (name) => name === pattern;
  const expression = new RegExp(`^(?:${pattern.slice(3)})`);
  return (name) => expression.test(name);
}
