import { child, makeNode, tensorValue } from './builders';
import { Graph, GraphNode } from './graph';
import { integerOf, Message, messagesOf, newMessage, Part, replaceFields, stringOf } from './message';
import { GRAPH, MODEL, OPERATOR_SET, VALUE_INFO } from './schema';
import { Constant } from './weights';
import { encodeInteger, encodeString } from './wire';

/** The first IR version whose constants need not be listed among the inputs. */
const CONSTANTS_APART = 4;

/** What becomes of one graph. */
interface GraphChanges {
  readonly front: Message[];
  readonly nodes: Map<Message, Message[]>;
  readonly before: Map<Message, Message[]>;
  readonly removed: Set<Message>;
  readonly added: Message[];
}

/** Gathers changes to a model's graphs and carries them out at once. */
export class ModelEditor {
  private readonly changes = new Map<Graph, GraphChanges>();
  private readonly names = new Set<string>();
  /** Of names that were wanted before, the number to go on from: many graphs may use the same few names. */
  private readonly turns = new Map<string, number>();
  private readonly domains = new Map<string, number>();

  constructor(
    private readonly model: Message,
    private readonly graphs: readonly Graph[],
  ) {
    for (const graph of graphs) {
      for (const name of graph.defined) this.names.add(name);
      for (const info of messagesOf(graph.message, GRAPH.valueInfo)) this.names.add(stringOf(info, VALUE_INFO.name));
    }
  }

  /** A name that nothing in the model has yet. */
  newName(wanted: string): string {
    let name = wanted;
    let turn = this.turns.get(wanted) ?? 1;
    for (; this.names.has(name); turn++) name = `${wanted}_${turn}`;
    this.turns.set(wanted, turn);
    this.names.add(name);
    return name;
  }

  /** Makes sure that the model may use operators of a domain. */
  useDomain(domain: string, version: number): void {
    this.domains.set(domain, version);
  }

  /** Puts operators where a constant is given: before all that may read it. */
  addAtConstant(constant: Constant, ...nodes: readonly Message[]): void {
    const changes = this.changesOf(constant.graph);
    if (constant.giver === undefined) changes.front.push(...nodes);
    else changes.nodes.get(constant.giver.message)!.push(...nodes);
  }

  /** Puts operators before one, in its graph. */
  addBefore(node: GraphNode, ...nodes: readonly Message[]): void {
    const { before } = this.changesOf(node.graph);
    const known = before.get(node.message);
    if (known === undefined) before.set(node.message, [...nodes]);
    else known.push(...nodes);
  }

  replaceNode(node: GraphNode, ...nodes: readonly Message[]): void {
    this.changesOf(node.graph).nodes.set(node.message, [...nodes]);
  }

  /** Takes a constant out; what is added for it comes in its place. */
  removeConstant(constant: Constant): void {
    const changes = this.changesOf(constant.graph);
    if (constant.giver === undefined) changes.removed.add(constant.tensor.message);
    else changes.nodes.set(constant.giver.message, []);
  }

  /** Adds a tensor beside a constant, in the same manner as that one is given. */
  addConstant(beside: Constant, name: string, tensor: Message): void {
    if (beside.giver === undefined) this.changesOf(beside.graph).added.push(tensor);
    else {
      const attributes = [tensorValue('value', tensor)];
      this.addAtConstant(beside, makeNode({ operator: 'Constant', name, inputs: [], outputs: [name], attributes }));
    }
  }

  /** Adds an initializer to a graph. */
  addInitializer(graph: Graph, tensor: Message): void {
    this.changesOf(graph).added.push(tensor);
  }

  /** Carries the changes out. */
  apply(): void {
    for (const [graph, changes] of this.changes) rebuild(graph.message, changes);
    if (this.changes.size > 0) this.liberateConstants();
    const sets = messagesOf(this.model, MODEL.operatorSets);
    for (const [domain, version] of this.domains) {
      if (sets.some((set) => stringOf(set, OPERATOR_SET.domain) === domain)) continue;
      const set = newMessage(
        'OperatorSet',
        encodeString(OPERATOR_SET.domain, domain),
        encodeInteger(OPERATOR_SET.version, version),
      );
      this.model.parts.push(child(MODEL.operatorSets, set));
    }
  }

  /** New constants would have to be inputs too in old models; instead none is any more, as newer versions have it. */
  private liberateConstants(): void {
    if (Number(integerOf(this.model, MODEL.irVersion) ?? 0n) >= CONSTANTS_APART) return;
    replaceFields(this.model, MODEL.irVersion, encodeInteger(MODEL.irVersion, CONSTANTS_APART));
    for (const graph of this.graphs) {
      graph.message.parts = graph.message.parts.filter(
        (part) =>
          part.kind !== 'message' ||
          part.number !== GRAPH.inputs ||
          !graph.initializers.has(stringOf(part.message, VALUE_INFO.name)),
      );
    }
  }

  private changesOf(graph: Graph): GraphChanges {
    let changes = this.changes.get(graph);
    if (changes === undefined) {
      changes = { front: [], nodes: new Map(), before: new Map(), removed: new Set(), added: [] };
      this.changes.set(graph, changes);
    }
    return changes;
  }
}

function rebuild(graph: Message, { front, nodes, before, removed, added }: GraphChanges): void {
  const parts: Part[] = front.map((node) => child(GRAPH.nodes, node));
  for (const part of graph.parts) {
    if (part.kind !== 'message' || (part.number !== GRAPH.nodes && part.number !== GRAPH.initializers))
      parts.push(part);
    else if (part.number === GRAPH.initializers) {
      if (!removed.has(part.message)) parts.push(part);
    } else {
      const replaced = [...(before.get(part.message) ?? []), ...(nodes.get(part.message) ?? [part.message])];
      parts.push(...replaced.map((node) => child(GRAPH.nodes, node)));
    }
  }
  graph.parts = [...parts, ...added.map((tensor) => child(GRAPH.initializers, tensor))];
}
