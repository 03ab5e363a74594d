import { OutputLayout } from '../../plan';
import { LayoutLimits } from '../model-format';
import { Shard } from './checkpoint';
import { engineNameOf } from './fused-sets';
import { formatHeader, literal } from './output-header';
import { OutputTensor, OutputUnit } from './output-unit';
import { packPieces } from './piece-packer';
import { SelectedTensor } from './selection';
import { convertedUnit, copiedUnit, quantizedUnit } from './tensor-units';
import { actionOf } from './treatment';
import { Weight } from './weights';

/** A shard of the artifact: its bytes, its tensors, and the bytes that each tensor of the source became. */
export interface ShardLayout {
  readonly output: OutputLayout;
  readonly tensors: readonly OutputTensor[];
  /** By index into the plan's tensors. */
  readonly bytesAfter: ReadonlyMap<number, number>;
}

/**
 * Lays out one shard under the name that it has in the source: header first, then the tensors in the source's order,
 * members of a set that shares a scale next to each other.
 *
 * @param selected - the shard's tensors, each with its index into the plan's tensors
 */
export function layOutShard(
  shard: Shard,
  selected: readonly { readonly index: number; readonly entry: SelectedTensor }[],
  sets: ReadonlyMap<string, readonly Weight[]>,
  limits: LayoutLimits,
): ShardLayout {
  const groups = new Map<string, OutputUnit[]>();
  const bytesAfter = new Map<number, number>();
  const add = (group: string, index: number, unit: OutputUnit) => {
    groups.set(group, [...(groups.get(group) ?? []), unit]);
    bytesAfter.set(index, (bytesAfter.get(index) ?? 0) + unit.tensors.reduce((sum, { bytes }) => sum + bytes, 0));
  };
  for (const { index, entry } of selected) {
    const { scheme, prune } = entry.treatment;
    if (scheme !== undefined) {
      for (const weight of entry.weights) {
        const set = scheme.sharesScale ? engineNameOf(weight.module) : weight.module;
        const shared = scheme.sharesScale ? sets.get(set)! : undefined;
        const most = Math.max(limits.wholeTensorBytes ?? 0, limits.targetPieceBytes);
        add(`weight ${set}`, index, quantizedUnit(weight, scheme, prune, index, limits.targetPieceBytes, most, shared));
      }
    } else {
      const make = actionOf(entry.treatment) === 'keep' ? copiedUnit : convertedUnit;
      add(`tensor ${entry.tensor.name}`, index, make(entry, index, limits.targetPieceBytes));
    }
  }
  const units = [...groups.values()];
  const tensors = units.flatMap((group) => group.flatMap((unit) => unit.tensors));
  const header = literal(formatHeader(shard.key, tensors, shard.header.metadata));
  const pieces = packPieces(
    [[{ step: header, cost: header.length }], ...units.map((group) => group.flatMap(({ steps }) => steps))],
    limits,
  );
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  return { output: { key: shard.key, size, pieces }, tensors, bytesAfter };
}
