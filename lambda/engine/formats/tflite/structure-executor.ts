import { inflateRawSync } from 'node:zlib';
import { StepContext } from '../../step-context';
import { CustomStep } from '../../steps';
import { scalesOf } from './scales';
import { StructureStep } from './tflite-steps';

/** Writes the flatbuffer with the scales of all integer weights in their places. */
export async function writeStructure(step: CustomStep, context: StepContext): Promise<void> {
  const { data, length, scales } = step as StructureStep;
  const bytes = inflateRawSync(Buffer.from(data, 'base64'), { maxOutputLength: length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const { at, weights } of scales) {
    const found = await scalesOf(weights, context);
    for (const start of at) found.forEach((scale, i) => view.setFloat32(start + i * 4, scale, true));
  }
  await context.write(bytes);
}
