import { partBytes, partSizes } from './part-sizes';
import { Layout, PlanItem, PlannedPiece } from './plan';

/** Gives each worker about `itemBytes` to read: a large piece alone, small ones together. */
export function packItems(layout: Layout, itemBytes: number): PlanItem[] {
  const items: PlannedPiece[][] = [];
  let room = 0;
  layout.outputs.forEach((output, index) => {
    let firstPart = 1;
    for (const piece of output.pieces) {
      const sizes = partSizes(piece.length, partBytes(output.size));
      if (items.length === 0 || piece.cost > room) {
        items.push([]);
        room = itemBytes;
      }
      items[items.length - 1].push({ ...piece, output: index, firstPart, partSizes: sizes });
      room -= piece.cost;
      firstPart += sizes.length;
    }
  });
  return items.map((pieces) => ({ pieces }));
}
