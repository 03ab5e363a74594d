import { integersValue, makeNode, makeTensor } from './builders';
import { TYPE } from './element-types';
import { floatAttribute, GraphNode, integerAttribute } from './graph';
import { Message } from './message';
import { RewriteContext } from './rewrite-int8';

/** Operators that come in the place of one, in order. */
export class Steps {
  readonly nodes: Message[] = [];
  private readonly base: string;

  constructor(
    private readonly replaced: GraphNode,
    private readonly context: RewriteContext,
  ) {
    this.base = replaced.outputs[0];
  }

  /** Adds an operator and returns the name of its result. */
  add(operator: string, inputs: readonly string[], attributes: readonly Message[] = []): string {
    return this.addAll(operator, inputs, [operator], attributes)[0];
  }

  addAll(
    operator: string,
    inputs: readonly string[],
    results: readonly string[],
    attributes: readonly Message[] = [],
    domain?: string,
  ): string[] {
    const outputs = results.map((result) => this.context.editor.newName(`${this.base}_${result}`));
    const own = domain === undefined ? {} : { domain };
    this.nodes.push(makeNode({ operator, name: outputs[0], inputs, outputs, attributes, ...own }));
    return outputs;
  }

  /** Adds the operator that gives the result of the replaced one. */
  finish(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: readonly Message[] = [],
    domain?: string,
  ): void {
    const name = this.context.editor.newName(`${this.base}_${operator}`);
    const own = domain === undefined ? {} : { domain };
    this.nodes.push(makeNode({ operator, name, inputs, outputs: [output], attributes, ...own }));
  }

  /** A matrix with rows and columns exchanged. */
  transpose(input: string): string {
    return this.add('Transpose', [input], [integersValue('perm', [1, 0])]);
  }

  constant(name: string, value: number): string {
    return this.tensor(name, TYPE.float, [], new Uint8Array(Float32Array.of(value).buffer));
  }

  shape(name: string, sizes: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(sizes, BigInt).buffer);
    return this.tensor(`${name}_shape`, TYPE.int64, [sizes.length], bytes);
  }

  private tensor(name: string, type: number, shape: readonly number[], bytes: Uint8Array): string {
    const own = this.context.editor.newName(`${this.base}_${name}`);
    this.context.editor.addInitializer(this.replaced.graph, makeTensor(own, type, shape, bytes));
    return own;
  }
}

/** The left side of a Gemm as it is multiplied. */
export function transposedA(node: GraphNode, steps: Steps): string {
  return integerAttribute(node, 'transA', 0) === 0 ? node.inputs[0] : steps.transpose(node.inputs[0]);
}

/** Makes a product what a Gemm gives: alpha times it, plus beta times what is added. */
export function finishGemm(node: GraphNode, steps: Steps, product: string): void {
  const [output] = node.outputs as [string];
  const alpha = floatAttribute(node, 'alpha');
  const beta = floatAttribute(node, 'beta');
  const added = node.inputs[2] ?? '';
  const result = alpha === 1 ? product : steps.add('Mul', [product, steps.constant('alpha', alpha)]);
  if (added === '') return steps.finish('Identity', [result], output);
  const term = beta === 1 ? added : steps.add('Mul', [added, steps.constant('beta', beta)]);
  steps.finish('Add', [result, term], output);
}
