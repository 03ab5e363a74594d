import { createHash } from 'node:crypto';
import { quantize } from '../../lambda/engine/formats/safetensors/quantize-step';
import { QuantizeStep } from '../../lambda/engine/formats/safetensors/safetensors-steps';
import { WeightRange } from '../../lambda/engine/weights/weight-range';
import { Plan } from '../../lambda/engine/plan';
import { schemeOf } from '../../lambda/engine/formats/safetensors/schemes/schemes';
import { StepContext } from '../../lambda/engine/step-context';
import { timed } from '../statistics';
import { KernelMemorySource } from './kernel-memory-source';

/** A bf16 matrix that is compressed from memory to memory by the step that workers carry out. */
export class MatrixInMemory {
  private readonly source: KernelMemorySource;

  constructor(
    weights: Uint8Array,
    private readonly rows: number,
    private readonly columns: number,
  ) {
    this.source = new KernelMemorySource('matrix', weights);
  }

  /** Returns a function that compresses the matrix once and returns the seconds, and one that tells what it wrote. */
  encoder(
    method: string,
    mode: 'exact' | 'best',
  ): { run: () => Promise<number>; digests: () => Record<string, string> } {
    const { rows, columns } = this;
    const scheme = schemeOf(method, undefined);
    // The step writes the weights first, then what belongs to the rows as a whole.
    const all = scheme.parts({ rows, columns }, 'BF16');
    const parts = [...all.filter(({ role }) => role === 'data'), ...all.filter(({ role }) => role !== 'data')];
    const length = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    const output = new Uint8Array(length);
    const from: WeightRange = { file: 0, offset: 0, length: this.source.size, dtype: 'BF16' };
    const step: QuantizeStep = {
      kind: 'safetensors.quantize',
      length,
      tensor: 0,
      module: 'matrix',
      from,
      rows,
      columns,
      method,
      begin: 0,
      end: rows,
      emit: ['data', 'scale', 'zero-point', 'global-scale', 'shape'],
      ...(scheme.sharesScale ? { shared: [{ ...from, module: 'matrix' }] } : {}),
      prune: false,
    };
    const run = async () => {
      let filled = 0;
      // A new plan each time: what an earlier run found out about the matrix must not be remembered.
      const plan = { recipe: { method, mode }, sources: [{ key: 'matrix' }] } as unknown as Plan;
      const context: StepContext = {
        plan,
        source: async () => this.source,
        write: async (bytes) => {
          output.set(bytes, filled);
          filled += bytes.length;
        },
        addSums: () => undefined,
      };
      const seconds = await timed(() => quantize(step, context));
      if (filled !== length) throw new Error(`${method} wrote ${filled} of ${length} bytes`);
      return seconds;
    };
    const digests = () => {
      let end = 0;
      return Object.fromEntries(
        parts.map(({ suffix, bytes }) => {
          const begin = end;
          end += bytes;
          return [suffix, createHash('sha256').update(output.subarray(begin, end)).digest('hex')];
        }),
      );
    };
    return { run, digests };
  }
}
