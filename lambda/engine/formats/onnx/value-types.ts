import { TYPE } from './element-types';
import { constantTensor, Graph, GraphNode, integerAttribute, ownerOf } from './graph';
import { halfSignature, includes } from './half-rules';
import { integerOf, Message, messagesOf, stringOf } from './message';
import { ATTRIBUTE, GRAPH, TENSOR, TENSOR_TYPE, TYPE_PROTO, VALUE_INFO } from './schema';

/**
 * Element types of values, as far as the model tells them or operators let them be known. A value that is not found has
 * no type that could be relied on.
 */
export class ValueTypes {
  private readonly types = new Map<Graph, Map<string, number>>();

  constructor(root: Graph) {
    this.read(root);
  }

  /** The type of what a name means in a graph. */
  of(graph: Graph, name: string): number | undefined {
    const owner = ownerOf(graph, name);
    return owner === undefined ? undefined : this.types.get(owner)?.get(name);
  }

  private read(graph: Graph): void {
    const own = new Map<string, number>();
    this.types.set(graph, own);
    for (const number of [GRAPH.valueInfo, GRAPH.inputs, GRAPH.outputs]) {
      for (const info of messagesOf(graph.message, number)) {
        const type = declaredType(info);
        if (type !== undefined) own.set(stringOf(info, VALUE_INFO.name), type);
      }
    }
    for (const [name, { type }] of graph.initializers) own.set(name, type);
    for (const node of graph.nodes) {
      node.subgraphs.forEach((inner) => this.read(inner));
      node.outputs.forEach((name, output) => {
        const type = this.typeOf(node, output);
        if (type !== undefined && name !== '') own.set(name, type);
      });
    }
  }

  private typeOf(node: GraphNode, output: number): number | undefined {
    const input = (at: number) => (node.inputs[at] ? this.of(node.graph, node.inputs[at]) : undefined);
    if (node.domain !== '') return undefined;
    const signature = halfSignature(node);
    if (signature !== undefined) {
      if (!includes(signature.outputs, output)) return undefined;
      return input(signature.inputs === 'all' ? 0 : signature.inputs[0]);
    }
    switch (node.operator) {
      case 'Constant': {
        const tensor = constantTensor(node);
        if (tensor !== undefined) return Number(integerOf(tensor, TENSOR.type) ?? 0n);
        return node.attributes.has('value_float') || node.attributes.has('value_floats') ? TYPE.float : undefined;
      }
      case 'ConstantOfShape':
        return attributeTensorType(node) ?? TYPE.float;
      case 'Cast':
        return integerAttribute(node, 'to', 0);
      case 'CastLike':
      case 'DequantizeLinear':
        return input(1);
      case 'CumSum':
      case 'Mod':
      case 'Range':
      case 'Resize':
      case 'Upsample':
        return input(0);
      case 'TopK':
        return output === 0 ? input(0) : TYPE.int64;
      case 'OneHot':
        return input(2);
      case 'RandomNormal':
      case 'RandomUniform':
        return integerAttribute(node, 'dtype', TYPE.float);
      case 'If': {
        const branch = node.subgraphs[0];
        return branch === undefined ? undefined : this.of(branch, branch.outputs[output] ?? '');
      }
      default:
        return undefined;
    }
  }
}

function declaredType(info: Message): number | undefined {
  const tensor = messagesOf(info, VALUE_INFO.type).flatMap((type) => messagesOf(type, TYPE_PROTO.tensor))[0];
  const type = tensor === undefined ? undefined : integerOf(tensor, TENSOR_TYPE.element);
  return type === undefined ? undefined : Number(type);
}

function attributeTensorType(node: GraphNode): number | undefined {
  const value = node.attributes.get('value');
  const tensor = value === undefined ? undefined : messagesOf(value, ATTRIBUTE.tensor)[0];
  return tensor === undefined ? undefined : Number(integerOf(tensor, TENSOR.type) ?? 0n);
}
