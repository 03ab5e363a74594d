import { makeTensor } from './builders';
import { SourceFiles } from '../model-format';
import { Graph } from './graph';
import { Message } from './message';
import { ModelEditor } from './model-editor';
import { rewriteBlocks } from './rewrite-blocks';
import { DynamicRewriter } from './rewrite-dynamic';
import { HalfRewriter } from './rewrite-fp16';
import { rewriteInt4 } from './rewrite-int4';
import { rewriteInt8, RewriteContext } from './rewrite-int8';
import { isSmall, smallHalves } from './small-halves';
import { Decided, floatSegment, weightType } from './weight-data';
import { Use } from './weights';
import { TYPE } from './element-types';

/** The model's structure and what is known of it. */
export interface ModelParts {
  readonly message: Message;
  readonly root: Graph;
  readonly graphs: readonly Graph[];
  readonly uses: ReadonlyMap<Graph, ReadonlyMap<string, readonly Use[]>>;
  readonly operatorSet: number;
}

/** Changes the model's structure to what was decided. */
export async function rewriteModel(
  model: ModelParts,
  decisions: readonly Decided[],
  exact: boolean,
  source: SourceFiles,
): Promise<void> {
  const editor = new ModelEditor(model.message, model.graphs);
  const context: RewriteContext = { editor, operatorSet: model.operatorSet };
  const dynamic = new DynamicRewriter(context, exact);
  for (const decided of decisions) {
    const { action } = decided.treatment;
    if (action === 'int8') rewriteInt8(decided, context);
    if (action === 'int8-dynamic') dynamic.rewrite(decided);
    const { blocks } = decided.treatment;
    if (blocks !== undefined) (blocks.dequantized ? rewriteInt4 : rewriteBlocks)(decided, context);
    if (action === 'prune') prune(decided, editor);
  }
  const halves = decisions.filter(({ treatment }) => treatment.action === 'fp16');
  if (halves.length > 0) await rewriteToHalf(model, halves, editor, source);
  editor.apply();
}

async function rewriteToHalf(
  model: ModelParts,
  halves: readonly Decided[],
  editor: ModelEditor,
  source: SourceFiles,
): Promise<void> {
  const rewriter = new HalfRewriter(model.root, editor);
  for (const decided of halves) {
    const { constant } = decided;
    if (constant.tensor.type !== TYPE.float || !constant.uses.some((use) => rewriter.reads(use))) continue;
    const small = isSmall(constant.tensor);
    const shared = constant.uses.some((use) => !rewriter.reads(use)) || constant.graph.outputs.includes(constant.name);
    // What is small and read as float32 too stays so, and costs a Cast.
    if (small && shared) continue;
    rewriter.storeHalf(decided, small ? await smallHalves(constant.tensor, source) : undefined);
  }
  rewriter.rewrite((graph, name) => model.uses.get(graph)?.get(name) ?? []);
}

function prune(decided: Decided, editor: ModelEditor): void {
  const { constant } = decided;
  const { tensor, name } = constant;
  editor.removeConstant(constant);
  const data = floatSegment(decided, weightType(decided));
  editor.addConstant(constant, name, makeTensor(name, tensor.type, tensor.shape, data));
}
