import { ByteSource } from '../../io/byte-source';
import { chunkBuffers, streamChunks } from '../../io/chunk-stream';
import { Region } from '../../kernels';
import { Arena } from '../../kernels/arena';
import { StepContext } from '../../step-context';
import { WeightRange } from '../../weights/weight-range';
import { weightBytes } from '../../weights/weight-type';
import { transposeInto } from './transpose';

/** Bytes of output features that are turned at a time: a projection of today's largest experts (84 MB) goes in one. */
export const MAX_BAND_BYTES = 88 << 20;

/** The context of a step on `matrix`; where that lies input-major, its place in the file reads as if it did not. */
export async function outputMajor(
  context: StepContext,
  arena: Arena,
  matrix: WeightRange,
  columns: number,
): Promise<StepContext> {
  if (matrix.pitch === undefined) return context;
  const turned = new TurnedSource(
    arena,
    await context.source(matrix.file),
    matrix,
    matrix.pitch,
    columns,
    MAX_BAND_BYTES,
  );
  return { ...context, source: async (file) => (file === matrix.file ? turned : context.source(file)) };
}

/**
 * A file in which one projection of a matrix that lies input-major reads as rows of its input features. A band of rows is
 * turned at a time: whoever reads in order reads the source once for each band.
 */
export class TurnedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly immediate: boolean;
  private readonly rowBytes: number;
  private readonly band: Region;
  private first = 0;
  private held = 0;

  /** @param arena in whose scope the source is used */
  constructor(
    private readonly arena: Arena,
    private readonly source: ByteSource,
    private readonly matrix: WeightRange,
    private readonly pitch: number,
    private readonly columns: number,
    bandBytes: number,
  ) {
    this.name = source.name;
    this.size = source.size;
    this.immediate = source.immediate === true;
    this.rowBytes = columns * weightBytes(matrix.dtype);
    const rows = Math.max(1, Math.floor(bandBytes / this.rowBytes));
    this.band = arena.alloc(Math.min(matrix.length, rows * this.rowBytes));
  }

  async read(offset: number, target: Uint8Array): Promise<void> {
    let at = offset - this.matrix.offset;
    for (let filled = 0; filled < target.length;) {
      const row = Math.floor(at / this.rowBytes);
      if (row < this.first || row >= this.first + this.held) await this.turn(row);
      const begin = at - this.first * this.rowBytes;
      const length = Math.min(target.length - filled, this.held * this.rowBytes - begin);
      target.set(this.band.view.subarray(begin, begin + length), filled);
      filled += length;
      at += length;
    }
  }

  resident(offset: number, length: number): Region | undefined {
    const begin = offset - this.matrix.offset - this.first * this.rowBytes;
    if (begin < 0 || begin + length > this.held * this.rowBytes) return undefined;
    return { ptr: this.band.ptr + begin, view: this.band.view.subarray(begin, begin + length) };
  }

  /** Fills the band with the rows from `first` on. */
  private async turn(first: number): Promise<void> {
    const { matrix, columns } = this;
    const size = weightBytes(matrix.dtype);
    const pitchBytes = this.pitch * size;
    const rows = Math.min(matrix.length / this.rowBytes - first, this.band.view.length / this.rowBytes);
    this.held = 0;
    await this.arena.scoped(async () => {
      const length = (columns - 1) * pitchBytes + rows * size;
      const buffers = chunkBuffers(this.arena, pitchBytes, length, this.source);
      await streamChunks(this.source, matrix.offset + first * size, length, buffers, (region, bytes, at) => {
        const inputs = { first: at / pitchBytes, count: Math.ceil(bytes / pitchBytes) };
        transposeInto(this.band, region, { size, rows, columns, pitch: this.pitch, inputs });
      });
    });
    this.first = first;
    this.held = rows;
  }
}
