import { Recipe, refuseQuantFormat } from '../../recipe';
import { Scheme } from './schemes/scheme';
import { schemeOf } from './schemes/schemes';
import { WeightType, isWeightType, weightBytes } from '../../weights/weight-type';
import { Matcher, matcher } from '../../weights/patterns';
import { DEFAULT_IGNORE } from './default-ignore';
import { Weight } from './weights';

/** What happens to one weight or tensor. */
export interface Treatment {
  /** The number format it gets. */
  readonly scheme?: Scheme;
  /** The plain type it is rounded to. */
  readonly castTo?: WeightType;
  readonly prune: boolean;
  /** Why it is not compressed, where it is not. */
  readonly reason?: string;
  /** Whether a rule of ours decided so, not the recipe's own words: such a decision may be extended to a whole set. */
  readonly automatic: boolean;
}

/** Wider rows would not fit the buffers that keep a worker's memory constant. */
const MAX_UNIT_BYTES = 32 << 20;

/** The same for a weight that lies input-major, beside the buffers for turning it. */
const MAX_TURNED_UNIT_BYTES = 4 << 20;

/** Turns a recipe's words into treatments, one weight or tensor at a time. */
export class TreatmentRules {
  private readonly ignore: readonly { pattern: string; matches: Matcher }[];
  private readonly defaults: readonly { pattern: string; matches: Matcher }[];
  private readonly overrides: readonly { method: string; groupSize?: number; matches: Matcher }[];

  constructor(private readonly recipe: Recipe) {
    refuseQuantFormat(recipe, 'checkpoints in safetensors');
    const compile = (pattern: string) => ({ pattern, matches: matcher(pattern) });
    this.ignore = (recipe.ignore ?? []).map(compile);
    this.defaults = DEFAULT_IGNORE.map(compile);
    this.overrides = (recipe.overrides ?? []).map((override) => ({ ...override, matches: matcher(override.match) }));
    for (const { method, groupSize } of [recipe, ...(recipe.overrides ?? [])])
      if (!isPlain(method)) schemeOf(method, groupSize);
  }

  /** The treatment of a matrix. `tensor` is the name of the source's tensor that it lies in. */
  ofWeight(weight: Weight, tensor: string): Treatment {
    const ignored = this.ignore.find(({ matches }) => matches(weight.module, tensor));
    if (ignored !== undefined) return keep(`the recipe ignores ${ignored.pattern}`, false);
    const override = this.overrides.find(({ matches }) => matches(weight.module, tensor));
    const method = override?.method ?? this.recipe.method;
    const byDefault =
      override === undefined ? this.defaults.find(({ matches }) => matches(weight.module, tensor)) : undefined;
    const prune = this.recipe.prune !== undefined && byDefault === undefined;
    const automatic = override === undefined;
    if (prune && this.recipe.prune === '2:4' && weight.columns % 4 !== 0) {
      return keep(`its rows of ${weight.columns} do not divide by 4, as 2:4 needs`, true);
    }
    if (prune && this.recipe.prune === '2:4' && weight.pitch !== undefined && isPlain(method)) {
      return keep('its experts lie input-major, across what 2:4 takes four at a time', true);
    }
    if (isCast(method)) return cast(method, weight.dtype, prune, automatic);
    if (byDefault !== undefined) return keep(`left alone by default: ${byDefault.pattern}`, true);
    if (method === 'none') return prune ? { prune, automatic } : keep('the recipe has no method for it', automatic);
    const scheme = schemeOf(method, override === undefined ? this.recipe.groupSize : override.groupSize);
    if (weight.columns % scheme.columnMultiple !== 0) {
      return keep(`its rows of ${weight.columns} do not divide into groups of ${scheme.columnMultiple}`, true);
    }
    if (!fitsBuffers(weight, scheme)) {
      return keep(`its rows of ${weight.columns} are too wide to compress in constant memory`, true);
    }
    return { scheme, prune, automatic };
  }

  /** The treatment of a tensor that holds no matrix; `reason` is why. */
  ofTensor(name: string, dtype: string, reason: string): Treatment {
    const module = name.slice(0, Math.max(0, name.lastIndexOf('.')));
    const ignored = this.ignore.find(({ matches }) => matches(module, name));
    if (ignored !== undefined) return keep(`the recipe ignores ${ignored.pattern}`, false);
    const method = this.overrides.find(({ matches }) => matches(module, name))?.method ?? this.recipe.method;
    return isCast(method) && isWeightType(dtype) ? cast(method, dtype, false, true) : keep(reason, true);
  }
}

function fitsBuffers({ columns, dtype, pitch }: Weight, { rowMultiple }: Scheme): boolean {
  const size = weightBytes(dtype);
  if (pitch === undefined) return columns * size * rowMultiple <= MAX_UNIT_BYTES;
  return Math.max(columns * rowMultiple, pitch) * size <= MAX_TURNED_UNIT_BYTES;
}

export function keep(reason: string, automatic: boolean): Treatment {
  return { prune: false, reason, automatic };
}

function cast(method: 'fp16' | 'bf16', from: WeightType, prune: boolean, automatic: boolean): Treatment {
  const castTo = method === 'fp16' ? 'F16' : 'BF16';
  if (castTo === from && !prune) return keep(`it is ${castTo} already`, automatic);
  return { castTo, prune, automatic };
}

function isCast(method: string): method is 'fp16' | 'bf16' {
  return method === 'fp16' || method === 'bf16';
}

function isPlain(method: string): boolean {
  return method === 'none' || isCast(method);
}

/** A treatment in a word, for comparing and for reports. */
export function actionOf(treatment: Treatment): string {
  if (treatment.scheme !== undefined) return treatment.scheme.method;
  if (treatment.castTo !== undefined) return treatment.castTo === 'F16' ? 'fp16' : 'bf16';
  return treatment.prune ? 'prune' : 'keep';
}
