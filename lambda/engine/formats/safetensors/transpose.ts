import { Region } from '../../kernels';

/** Rows and columns of the tiles: those of both sides stay in a core's nearest cache. */
const TILE = 32;

/** What lies where: `inputs` are the input features that the source holds, `pitch` weights from one to the next. */
export interface Turn {
  /** Bytes of a weight: 2 or 4. */
  readonly size: number;
  readonly rows: number;
  readonly columns: number;
  readonly pitch: number;
  readonly inputs: { readonly first: number; readonly count: number };
}

/** Writes some input features of `rows` output features into a target that holds a row of `columns` for each of these. */
export function transposeInto(target: Region, source: Region, turn: Turn): void {
  const { size, rows, columns, pitch, inputs } = turn;
  const to = elements(target, size);
  const from = elements(source, size);
  for (let row = 0; row < rows; row += TILE) {
    const rowEnd = Math.min(row + TILE, rows);
    for (let input = 0; input < inputs.count; input += TILE) {
      const inputEnd = Math.min(input + TILE, inputs.count);
      for (let r = row; r < rowEnd; r++) {
        let at = r * columns + inputs.first + input;
        for (let i = input; i < inputEnd; i++) to[at++] = from[i * pitch + r];
      }
    }
  }
}

function elements({ ptr, view }: Region, size: number): Uint16Array | Uint32Array {
  const count = Math.floor(view.length / size);
  return size === 2 ? new Uint16Array(view.buffer, ptr, count) : new Uint32Array(view.buffer, ptr, count);
}
