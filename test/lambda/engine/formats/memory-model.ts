import { LayoutLimits, ModelFormat, SourceFiles } from '../../../../lambda/engine/formats/model-format';
import { BufferSource } from '../../../support/buffer-source';
import { Layout, Plan } from '../../../../lambda/engine/plan';
import { parseRecipe } from '../../../../lambda/engine/recipe';
import { StepContext, TensorSums } from '../../../../lambda/engine/step-context';
import { CopyStep, CustomStep, LiteralStep } from '../../../../lambda/engine/steps';

export const ONE_PIECE: LayoutLimits = { targetPieceBytes: 2 ** 40, minPieceBytes: 5 * 2 ** 20 };

/** Files in memory as a format sees them; counts the bytes that are read. */
export function filesOf(contents: Record<string, Uint8Array>): SourceFiles & { bytesRead: number } {
  const keys = Object.keys(contents).sort();
  const source = {
    bytesRead: 0,
    files: keys.map((key) => ({ key, size: contents[key].length, etag: key })),
    open: async (index: number) => {
      const inner = new BufferSource(keys[index], contents[keys[index]]);
      return {
        name: inner.name,
        size: inner.size,
        read: (offset: number, target: Uint8Array) => {
          source.bytesRead += target.length;
          return inner.read(offset, target);
        },
      };
    },
  };
  return source;
}

export interface Made {
  readonly layout: Layout;
  readonly outputs: Record<string, Uint8Array>;
  readonly sums: Record<string, TensorSums>;
}

/** Compresses a model of a format in memory, in the given order of its pieces. */
export async function compressWith(
  format: Pick<ModelFormat, 'plan' | 'executors'>,
  source: SourceFiles,
  input: Record<string, unknown>,
  limits: LayoutLimits = ONE_PIECE,
  reverse = false,
): Promise<Made> {
  const recipe = parseRecipe(input);
  const layout = await format.plan(source, recipe, limits);
  const sums: Record<string, TensorSums> = {};
  const outputs: Record<string, Uint8Array> = {};
  const plan = { ...layout, recipe, sources: source.files } as unknown as Plan;
  for (const output of layout.outputs) {
    const bytes = new Uint8Array(output.size);
    outputs[output.key] = bytes;
    for (const piece of reverse ? [...output.pieces].reverse() : output.pieces) {
      let at = piece.offset;
      const context: StepContext = {
        plan,
        source: (file) => source.open(file),
        write: async (part) => {
          bytes.set(part, at);
          at += part.length;
        },
        addSums: (tensor, added) => {
          const { name } = layout.tensors[tensor];
          const known = sums[name] ?? { signal: 0, noise: 0, zeros: 0, count: 0 };
          sums[name] = {
            signal: known.signal + added.signal,
            noise: known.noise + added.noise,
            zeros: known.zeros + added.zeros,
            count: known.count + added.count,
          };
        },
      };
      for (const step of piece.steps) {
        const end = at + step.length;
        if (step.kind === 'literal') await context.write(Buffer.from((step as LiteralStep).data, 'base64'));
        else if (step.kind === 'copy') {
          const { file, offset, length } = (step as CopyStep).from;
          const part = new Uint8Array(length);
          await (await source.open(file)).read(offset, part);
          await context.write(part);
        } else await format.executors[step.kind](step as CustomStep, context);
        if (at !== end) throw new Error(`${step.kind} wrote ${at - end + step.length} of ${step.length} bytes`);
      }
      if (at !== piece.offset + piece.length) throw new Error('a piece has the wrong length');
    }
  }
  return { layout, outputs, sums };
}
