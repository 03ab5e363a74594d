import { ScalarsNode, table, TableNode, withFields, zeros } from './flatbuffer-nodes';
import { Decided, dataBytes, shapeOf } from './decided';
import { ModelData, Region } from './model-data';
import { BUFFER, MODEL, OPERATOR, SUBGRAPH } from './model-fields';
import { Graph, isNode, tablesOf } from './model-graph';
import { OperatorCodes } from './operator-codes';
import { GraphRewriter, quantizationOf, TensorChange } from './rewrite-graph';
import { laterVersion, raisedRuntime } from './runtime-version';
import { scaleCount, scaleDimension } from './weight-rules';

/** Data that lies behind the artifact's structure, and the fields that tell where. */
export interface PlacedData {
  readonly owner: TableNode;
  readonly offsetSlot: number;
  /** Bytes in the artifact. */
  readonly length: number;
  /** Where the data lies in the source. */
  readonly region: Region;
  /** The constant that it is, unless nothing knows it. */
  readonly decided?: Decided;
}

/** The artifact's structure, complete but for scales and offsets. */
export interface RewrittenModel {
  readonly root: TableNode;
  readonly data: readonly PlacedData[];
  /** Where the scales of each integer constant go. */
  readonly scales: ReadonlyMap<Decided, readonly ScalarsNode[]>;
}

/** Rewrites a model for constants that change their type; data moves behind the structure. */
export function rewriteModel(
  model: TableNode,
  graphs: readonly Graph[],
  data: ModelData,
  decisions: readonly Decided[],
): RewrittenModel {
  const byBuffer = new Map(decisions.map((decided) => [decided.constant.buffer, decided]));
  const placed: PlacedData[] = [];
  const buffers = tablesOf(model, MODEL.buffers).map((node, index) => {
    const region = data.buffers[index];
    const metadata = data.metadata.get(index);
    if (metadata !== undefined) return table('Buffer', { [BUFFER.data]: metadata });
    if (region === undefined) return node;
    const decided = byBuffer.get(index);
    const length = decided === undefined ? region.length : dataBytes(decided);
    const owner = table('Buffer', { [BUFFER.offset]: 0n, [BUFFER.size]: BigInt(length) });
    placed.push({ owner, offsetSlot: BUFFER.offset, length, region, decided });
    return owner;
  });
  const emptyBuffer = buffers[0]?.fields.every((field) => field === undefined)
    ? 0
    : buffers.push(table('Buffer', {})) - 1;
  const scales = new Map<Decided, ScalarsNode[]>();
  const changes = new Map<number, TensorChange>();
  for (const decided of decisions) {
    const change = changeOf(decided, scales, buffers);
    if (change !== undefined) changes.set(decided.constant.buffer, change);
  }

  const codes = new OperatorCodes(model);
  let runtime = '0.0.0';
  const subgraphs = graphs.map((graph) => {
    const own = new Map<number, TensorChange>();
    graph.tensors.forEach(({ buffer }, index) => {
      const change = changes.get(buffer);
      if (change !== undefined) own.set(index, change);
    });
    const rewriter = new GraphRewriter(graph, own, codes, emptyBuffer);
    const rewritten = rewriter.rewrite();
    runtime = rewriter.runtimes.reduce(laterVersion, runtime);
    return withLargeOptions(rewritten, graph, data, placed);
  });
  const raised = raisedRuntime(model, (index) => data.metadata.get(index) ?? inline(buffers[index]), runtime);
  if (raised !== undefined) buffers[raised.buffer] = table('Buffer', { [BUFFER.data]: raised.data });
  const root = withFields(model, {
    [MODEL.operatorCodes]: { kind: 'tables', items: codes.tables },
    [MODEL.subgraphs]: { kind: 'tables', items: subgraphs },
    [MODEL.buffers]: { kind: 'tables', items: buffers },
  });
  return { root, data: placed, scales };
}

/** What becomes of a constant's tensors; makes room for its scales. */
function changeOf(
  decided: Decided,
  scales: Map<Decided, ScalarsNode[]>,
  buffers: TableNode[],
): TensorChange | undefined {
  const { action, integers } = decided.treatment;
  if (action === 'fp16') return { to: 'fp16' };
  if (integers === undefined) return undefined;
  const shape = shapeOf(decided);
  const count = scaleCount(integers.scales, shape);
  const vectors: ScalarsNode[] = [];
  scales.set(decided, vectors);
  const room = (width: 1 | 4): ScalarsNode => {
    const vector = zeros(width, (count * 4) / width);
    vectors.push(vector);
    return vector;
  };
  const dimension = scaleDimension(integers.scales, shape.length) ?? 0;
  return {
    to: integers.bits === 8 ? 'int8' : 'int4',
    mode: integers.mode,
    quantization: integers.onTensor ? quantizationOf(room(4), zeros(8, count), dimension) : undefined,
    rowScales: integers.onRows ? buffers.push(table('Buffer', { [BUFFER.data]: room(1) })) - 1 : undefined,
  };
}

/** Options of custom operators that lay behind the source's structure have to move with it. */
function withLargeOptions(graph: TableNode, source: Graph, data: ModelData, placed: PlacedData[]): TableNode {
  if (!source.operators.some(({ node }) => data.customOptions.has(node))) return graph;
  const regions = new Map<unknown, Region>();
  for (const { node } of source.operators) {
    const region = data.customOptions.get(node);
    if (region !== undefined) regions.set(node.fields[OPERATOR.largeCustomOffset], region);
  }
  const items = tablesOf(graph, SUBGRAPH.operators).map((operator) => {
    const region = regions.get(operator.fields[OPERATOR.largeCustomOffset]);
    if (region === undefined) return operator;
    const owner = withFields(operator, { [OPERATOR.largeCustomOffset]: 0n });
    placed.push({ owner, offsetSlot: OPERATOR.largeCustomOffset, length: region.length, region });
    return owner;
  });
  return withFields(graph, { [SUBGRAPH.operators]: { kind: 'tables', items } });
}

function inline(buffer: TableNode | undefined): ScalarsNode | undefined {
  const data = buffer?.fields[BUFFER.data];
  return isNode(data) && data.kind === 'scalars' ? data : undefined;
}
