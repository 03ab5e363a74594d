import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { LayoutLimits, SourceFiles } from '../../../../../lambda/engine/formats/model-format';
import { tfliteFormat } from '../../../../../lambda/engine/formats/tflite/tflite-format';
import { BufferSource } from '../../../../../lambda/engine/io/buffer-source';
import { Layout, Plan } from '../../../../../lambda/engine/plan';
import { parseRecipe } from '../../../../../lambda/engine/recipe';
import { StepContext, TensorSums } from '../../../../../lambda/engine/step-context';
import { CopyStep, CustomStep, LiteralStep } from '../../../../../lambda/engine/steps';

export const ONE_PIECE: LayoutLimits = { targetPieceBytes: 2 ** 40, minPieceBytes: 5 * 2 ** 20 };

/** A model that the converter made; see tools/golden/tflite.py. */
export function golden(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(resolve(__dirname, `../../../../golden/tflite/${name}.tflite.gz`))));
}

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

/** Compresses a model in memory, in the given order of its pieces. */
export async function compress(
  source: SourceFiles,
  recipe: Record<string, unknown>,
  limits: LayoutLimits = ONE_PIECE,
  reverse = false,
): Promise<Made> {
  const layout = await tfliteFormat.plan(source, parseRecipe(recipe), limits);
  const plan = { ...layout, recipe: parseRecipe(recipe) } as unknown as Plan;
  const sums: Record<string, TensorSums> = {};
  const outputs: Record<string, Uint8Array> = {};
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
        } else await tfliteFormat.executors[step.kind](step as CustomStep, context);
        if (at !== end) throw new Error(`${step.kind} wrote ${at - end + step.length} of ${step.length} bytes`);
      }
      if (at !== piece.offset + piece.length) throw new Error('a piece has the wrong length');
    }
  }
  return { layout, outputs, sums };
}
