import { safetensorsFormat } from '../../../../../lambda/engine/formats/safetensors';
import { LayoutLimits, SourceFiles } from '../../../../../lambda/engine/formats/model-format';
import { Layout, PieceLayout, Plan } from '../../../../../lambda/engine/plan';
import { parseRecipe } from '../../../../../lambda/engine/recipe';
import { StepContext, TensorSums } from '../../../../../lambda/engine/step-context';
import { CopyStep, CustomStep, LiteralStep } from '../../../../../lambda/engine/steps';

/** What a layout made when it was carried out. */
export interface Made {
  readonly layout: Layout;
  /** Content by key. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** By index into the layout's tensors. */
  readonly sums: ReadonlyMap<number, TensorSums>;
}

/** One piece of work: which output, which of its pieces. */
export type Turn = readonly [output: number, piece: number];

/**
 * Plans a model and carries its pieces out one by one, as workers would, each with a plan object of its own so that
 * nothing is carried over from one to the next.
 *
 * @param order - changes the order of the turns, or repeats some
 */
export async function make(
  source: SourceFiles,
  recipe: object,
  limits: LayoutLimits,
  order = (turns: Turn[]) => turns,
): Promise<Made> {
  const parsed = parseRecipe(recipe);
  const layout = await safetensorsFormat.plan(source, parsed, limits);
  const files = new Map(layout.outputs.map(({ key, size }) => [key, Buffer.alloc(size, 0xee)]));
  const sums = new Map<number, TensorSums>();
  const turns = layout.outputs.flatMap(({ pieces }, output) => pieces.map((_, piece): Turn => [output, piece]));
  const counted = new Set<string>();
  for (const [output, piece] of order(turns)) {
    const { key, pieces } = layout.outputs[output];
    const first = !counted.has(`${output} ${piece}`);
    counted.add(`${output} ${piece}`);
    const plan = { recipe: parsed, tensors: layout.tensors, sources: source.files } as unknown as Plan;
    const bytes = await makePiece(pieces[piece], source, plan, (tensor, added) => {
      if (first) sums.set(tensor, add(sums.get(tensor), added));
    });
    bytes.copy(files.get(key)!, pieces[piece].offset);
  }
  return { layout, files, sums };
}

async function makePiece(
  piece: PieceLayout,
  source: SourceFiles,
  plan: Plan,
  addSums: StepContext['addSums'],
): Promise<Buffer> {
  const written: Buffer[] = [];
  for (const step of piece.steps) {
    const before = written.length;
    const context: StepContext = {
      plan,
      source: (file) => source.open(file),
      write: async (bytes) => void written.push(Buffer.from(bytes)),
      addSums,
    };
    if (step.kind === 'literal') written.push(Buffer.from((step as LiteralStep).data, 'base64'));
    else if (step.kind === 'copy') {
      const { from } = step as CopyStep;
      const bytes = Buffer.alloc(from.length);
      await (await source.open(from.file)).read(from.offset, bytes);
      written.push(bytes);
    } else await safetensorsFormat.executors[step.kind](step as CustomStep, context);
    const made = written.slice(before).reduce((sum, { length }) => sum + length, 0);
    if (made !== step.length) throw new Error(`${step.kind} wrote ${made} bytes, not ${step.length}`);
  }
  return Buffer.concat(written);
}

function add(a: TensorSums | undefined, b: TensorSums): TensorSums {
  if (a === undefined) return b;
  return { signal: a.signal + b.signal, noise: a.noise + b.noise, zeros: a.zeros + b.zeros, count: a.count + b.count };
}

/** The tensors of a safetensors file: type, shape and bytes by name. */
export function readTensors(file: Buffer): Map<string, { dtype: string; shape: number[]; bytes: Buffer }> {
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + length).toString()) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  delete header.__metadata__;
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => [name, { dtype, shape, bytes: file.subarray(8 + length + begin, 8 + length + end) }],
    ),
  );
}
