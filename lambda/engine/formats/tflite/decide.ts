import { Constant } from './constants';
import { Decided } from './decided';
import { Graph } from './model-graph';
import { TreatmentRules } from './treatment';
import { ruleFor } from './weight-rules';

/** Weights that a kernel takes as integers all together or not at all. */
interface Group {
  readonly operator: string;
  readonly weights: readonly { readonly buffer: number; readonly name: string }[];
}

/** What happens to each constant: what the recipe says, and where a weight of a group has to stay, all of the group stay. */
export function decide(constants: readonly Constant[], graphs: readonly Graph[], rules: TreatmentRules): Decided[] {
  const decisions = new Map<number, Decided>();
  for (const constant of constants) {
    decisions.set(constant.buffer, { constant, treatment: rules.treat(constant) });
  }
  const isInteger = ({ buffer }: Group['weights'][number]) => decisions.get(buffer)?.treatment.integers !== undefined;
  const waiting = graphs.flatMap(groupsOf);
  const byBuffer = new Map<number, Group[]>();
  for (const group of waiting) {
    for (const { buffer } of group.weights) {
      const groups = byBuffer.get(buffer);
      if (groups === undefined) byBuffer.set(buffer, [group]);
      else groups.push(group);
    }
  }
  for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
    const staying = group.weights.find((weight) => !isInteger(weight));
    if (staying === undefined) continue;
    const reason = `${group.operator} takes integers for all of its weights or for none, and ${staying.name} stays`;
    for (const { buffer } of group.weights.filter(isInteger)) {
      const { constant } = decisions.get(buffer)!;
      decisions.set(buffer, { constant, treatment: rules.treat(constant, reason) });
      waiting.push(...byBuffer.get(buffer)!);
    }
  }
  return [...decisions.values()];
}

function groupsOf(graph: Graph): Group[] {
  return graph.operators.flatMap((operator) => {
    const weights = operator.inputs
      .filter((tensor, input) => {
        const rule = tensor < 0 ? '' : ruleFor(operator, input, graph, 'exact');
        return typeof rule !== 'string' && rule.allOrNone;
      })
      .map((tensor) => graph.tensors[tensor]);
    return weights.length === 0 ? [] : [{ operator: operator.name, weights }];
  });
}
