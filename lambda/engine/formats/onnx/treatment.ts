import { InvalidRecipeError } from '../../errors';
import { Recipe } from '../../recipe';
import { matcher } from '../../weights/patterns';
import { WeightType } from '../../weights/weight-type';
import { TYPE } from './element-types';
import { describeNode, floatAttribute, integerAttribute } from './graph';
import { PrunePattern } from './onnx-steps';
import { isOperator, roleOf, WeightRole } from './weight-rules';
import { Constant, Use } from './weights';

/** Smaller tensors stay as they are: scales and operators would cost more than they save. */
export const MIN_VALUES = 1024;
/** Rows and channels are worked on whole; longer ones would not fit a worker's memory. */
const MAX_UNIT_BYTES = 16 * 1024 * 1024;
/** The first operator set with a scale per channel in DequantizeLinear, and with DynamicQuantizeLinear. */
export const PER_CHANNEL_SET = 13;
/** The first whose DequantizeLinear gives FLOAT16 and BFLOAT16. */
export const HALF_SCALE_SET = 19;
const DYNAMIC_SET = 11;
/** The first with four bits, and with blocks, in DequantizeLinear. */
const BLOCKED_SET = 21;

const METHODS = ['int8', 'int8-dynamic', 'int4', 'w4a16', 'w4a16-asym', 'fp16', 'none'];

/** Block sizes that MatMulNBits has kernels for. */
const BLOCK_SIZES = [16, 32, 64, 128, 256];
const USUAL_BLOCK_SIZE = 128;

export type Action = 'int8' | 'int8-dynamic' | 'int4' | 'w4a16' | 'w4a16-asym' | 'fp16' | 'prune' | 'keep';

/** What happens to one constant. */
export interface Treatment {
  readonly action: Action;
  /** For `keep`: the rule that kept it. */
  readonly reason?: string;
  /** How it is read as a weight; absent where only its number format changes. */
  readonly role?: WeightRole;
  /** For `int8-dynamic`: the uses that compute in integers; all others read it as with `int8`. */
  readonly integerUses?: readonly Use[];
  /** For four bits: the weights that share a scale, whether they have a zero point, and whether they become floats again. */
  readonly blocks?: { readonly blockSize: number; readonly asymmetric: boolean; readonly dequantized: boolean };
  readonly prune?: PrunePattern;
  /** It would have been pruned if the dimension divided by four. */
  readonly pruneSkipped?: true;
}

/** The types of weights in the kernels' words. */
export const WEIGHT_TYPE: Readonly<Record<number, WeightType>> = {
  [TYPE.float]: 'F32',
  [TYPE.float16]: 'F16',
  [TYPE.bfloat16]: 'BF16',
};

/** Turns a recipe's words into treatments. */
export class TreatmentRules {
  private readonly ignore: readonly { pattern: string; matches: (name: string) => boolean }[];
  private readonly overrides: readonly {
    method: string;
    groupSize: number | undefined;
    matches: (name: string) => boolean;
  }[];

  /**
   * @param operatorSet Version of ONNX's operators that the model uses.
   * @throws InvalidRecipeError when the recipe asks for what ONNX does not have.
   */
  constructor(
    readonly recipe: Recipe,
    private readonly operatorSet: number,
    private readonly minValues: number,
  ) {
    for (const method of [recipe.method, ...(recipe.overrides ?? []).map((override) => override.method)]) {
      if (METHODS.includes(method)) continue;
      throw new InvalidRecipeError(`method ${method} is not for ONNX models; they take ${METHODS.join(', ')}`);
    }
    const names = (pattern: string) => {
      const matches = matcher(pattern);
      return (name: string) => matches(name, name);
    };
    this.ignore = (recipe.ignore ?? []).map((pattern) => ({ pattern, matches: names(pattern) }));
    this.overrides = (recipe.overrides ?? []).map(({ method, match, groupSize }) => {
      checkGroupSize(method, groupSize);
      return { method, groupSize, matches: names(match) };
    });
    checkGroupSize(recipe.method, recipe.groupSize);
    checkQuantFormat(recipe, operatorSet);
  }

  treat(constant: Constant): Treatment {
    const { tensor, name } = constant;
    if (constant.obstacle !== undefined) return keep(constant.obstacle);
    const ignored = this.ignore.find(({ matches }) => matches(name));
    if (ignored !== undefined) return keep(`the recipe ignores ${ignored.pattern}`);
    const { method, groupSize } = this.overrides.find(({ matches }) => matches(name)) ?? this.recipe;
    if (tensor.count < this.minValues && method !== 'fp16') return keep(`it has fewer than ${this.minValues} values`);
    if (constant.uses.length === 0) return keep('no operator reads it');
    const roles = constant.uses.map((use) => roleOf(use, tensor.shape.length));
    const role = roles.find((candidate) => typeof candidate !== 'string');
    if (role === undefined) {
      return method === 'fp16' ? { action: 'fp16' } : keep(roles[0] as string);
    }
    const treatment = this.byMethod(method, groupSize ?? USUAL_BLOCK_SIZE, constant, role);
    return treatment.action === 'keep' ? treatment : { ...treatment, role };
  }

  private byMethod(method: string, blockSize: number, constant: Constant, role: WeightRole): Treatment {
    const pruning = this.pruning(constant, role);
    if (method === 'none') {
      if (pruning.prune !== undefined) return { action: 'prune', ...pruning };
      if (pruning.pruneSkipped)
        return { ...keep('its summed dimension does not divide by 4, as 2:4 needs'), ...pruning };
      return keep('the recipe has no method for it');
    }
    if (method === 'fp16') return { action: 'fp16', ...pruning };
    if (method === 'w4a16' || method === 'w4a16-asym') {
      const dequantized = this.recipe.quantFormat === 'QDQ';
      const obstacle = dequantized ? int4Obstacle(constant, role, blockSize) : blockObstacle(constant, role);
      if (obstacle !== undefined) return keep(obstacle);
      return { action: method, blocks: { blockSize, asymmetric: method === 'w4a16-asym', dequantized }, ...pruning };
    }
    const { channels, inner } = channelsOf(constant.tensor.shape, role);
    if ((inner === 1 ? channels : inner) * 4 > MAX_UNIT_BYTES / (pruning.prune?.share === '2:4' ? 4 : 1))
      return keep('its rows are too long to be worked on whole');
    if (constant.tensor.type === TYPE.bfloat16 && this.operatorSet < HALF_SCALE_SET) {
      return keep(`DequantizeLinear gives no BFLOAT16 before operator set ${HALF_SCALE_SET}`);
    }
    if (method === 'int4' && this.operatorSet >= BLOCKED_SET && !int4Obstacle(constant, role, blockSize)) {
      return { action: 'int4', blocks: { blockSize, asymmetric: false, dequantized: true }, ...pruning };
    }
    if (method === 'int8' || method === 'int4') return { action: 'int8', ...pruning };
    if (constant.tensor.type !== TYPE.float) return { action: 'int8', ...pruning };
    const integerUses =
      this.operatorSet < DYNAMIC_SET ? [] : constant.uses.filter((use) => computesInIntegers(use, role, constant));
    return integerUses.length === 0
      ? { action: 'int8', ...pruning }
      : { action: 'int8-dynamic', integerUses, ...pruning };
  }

  private pruning({ tensor }: Constant, role: WeightRole): Pick<Treatment, 'prune' | 'pruneSkipped'> {
    const { prune: share } = this.recipe;
    if (share === undefined) return {};
    if (share === '2:4' && tensor.shape[role.reduced] % 4 !== 0) return { pruneSkipped: true };
    return { prune: { share, stride: valueCount(tensor.shape.slice(role.reduced + 1)) } };
  }
}

function checkGroupSize(method: string, groupSize: number | undefined): void {
  if (groupSize === undefined) return;
  if (!method.startsWith('w4a16') && method !== 'int4') {
    throw new InvalidRecipeError(
      `groupSize is for int4, w4a16 and w4a16-asym of ONNX models, not for ${method}; leave it out`,
    );
  }
  if (!BLOCK_SIZES.includes(groupSize)) {
    throw new InvalidRecipeError(
      `groupSize must be one of ${BLOCK_SIZES.join(', ')} for ONNX models, received: ${groupSize}`,
    );
  }
}

/** QDQ needs what DequantizeLinear learnt late; a recipe that asks for it by name gets it or an error. */
function checkQuantFormat({ method, overrides = [], quantFormat }: Recipe, operatorSet: number): void {
  if (quantFormat === undefined) return;
  if (![method, ...overrides.map((override) => override.method)].some((each) => each.startsWith('w4a16'))) {
    throw new InvalidRecipeError(`quantFormat is for w4a16 and w4a16-asym, not for ${method}; leave it out`);
  }
  if (quantFormat === 'QDQ' && operatorSet < BLOCKED_SET) {
    throw new InvalidRecipeError(
      `quantFormat QDQ needs a model of operator set ${BLOCKED_SET} or later, received one of ${operatorSet}; ` +
        'export it again with that, or leave quantFormat out for MatMulNBits',
    );
  }
}

/** Why a weight cannot be read in blocks of four bits, where it cannot. */
function blockObstacle(constant: Constant, role: WeightRole): string | undefined {
  const { tensor, graph, name } = constant;
  if (tensor.shape.length !== 2) return `it has ${tensor.shape.length} dimensions, where four bits take two`;
  const other = constant.uses.find((use) => !computesInBlocks(use, role, tensor.type));
  if (other !== undefined) return `${describeNode(other.node)} reads it, which takes no four-bit weight`;
  if (graph.outputs.includes(name)) return 'it is an output of the model';
  if (role.channels === 1 && tensor.shape[1] * 4 > MAX_UNIT_BYTES / 4)
    return 'its rows are too long to be worked on whole';
  return undefined;
}

/** Why a weight cannot be cut into blocks of four bits, two a byte, in its own order, where it cannot. */
function int4Obstacle({ tensor, uses }: Constant, role: WeightRole, blockSize: number): string | undefined {
  if (tensor.shape.length !== 2) return `it has ${tensor.shape.length} dimensions, where four bits take two`;
  if (!uses.some(({ node }) => isOperator(node, 'MatMul') || isOperator(node, 'Gemm')))
    return `${describeNode(uses[0].node)} reads it, and no product`;
  const [, columns] = tensor.shape as [number, number];
  if (role.channels === 0)
    return columns % blockSize === 0 ? undefined : `its rows of ${columns} do not divide into blocks of ${blockSize}`;
  return columns * blockSize * 4 <= MAX_UNIT_BYTES / 2 ? undefined : 'its rows are too long to be worked on whole';
}

/** Operators that MatMulNBits can stand for. */
function computesInBlocks({ node, input }: Use, role: WeightRole, type: number): boolean {
  if (input !== 1) return false;
  if (isOperator(node, 'MatMul')) return role.channels === 1;
  if (!isOperator(node, 'Gemm') || role.channels !== (integerAttribute(node, 'transB', 0) === 0 ? 1 : 0)) return false;
  // The factors of a Gemm would have to be of its own type.
  return type === TYPE.float || (floatAttribute(node, 'alpha') === 1 && floatAttribute(node, 'beta') === 1);
}

/** Operators that have a form which multiplies integers, and whose scales go to the result. */
function computesInIntegers({ node, input }: Use, role: WeightRole, constant: Constant): boolean {
  // Rows are picked with their scales, which are no use for that where each column has one.
  if (input !== 1) return isOperator(node, 'Gather') && role.channels === 0;
  const rank = constant.tensor.shape.length;
  if (isOperator(node, 'MatMul')) return role.channels === rank - 1;
  if (isOperator(node, 'Gemm')) return role.channels === (integerAttribute(node, 'transB', 0) === 0 ? 1 : 0);
  return isOperator(node, 'Conv') && role.channels === 0;
}

/** A shape as three dimensions, the middle one that of the channels. */
export function channelsOf(
  shape: readonly number[],
  role: WeightRole,
): { outer: number; channels: number; inner: number } {
  return {
    outer: valueCount(shape.slice(0, role.channels)),
    channels: shape[role.channels],
    inner: valueCount(shape.slice(role.channels + 1)),
  };
}

export function valueCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function keep(reason: string): Treatment {
  return { action: 'keep', reason };
}
