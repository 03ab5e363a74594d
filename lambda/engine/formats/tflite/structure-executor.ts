import { StepContext } from '../../step-context';
import { CustomStep } from '../../steps';
import { StructureStep } from './tflite-steps';
import { scalesOf } from './scales';

/** Writes the flatbuffer with the scales of all int8 weights in their places. */
export async function writeStructure(step: CustomStep, context: StepContext): Promise<void> {
  const { data, scales } = step as StructureStep;
  const bytes = new Uint8Array(Buffer.from(data, 'base64'));
  const view = new DataView(bytes.buffer);
  for (const { at, weights } of scales) {
    const found = await scalesOf(weights, 0, weights.from.length / 4, context);
    found.forEach((scale, i) => view.setFloat32(at + i * 4, scale, true));
  }
  await context.write(bytes);
}
