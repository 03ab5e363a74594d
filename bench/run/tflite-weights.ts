import { findData } from '../../lambda/engine/formats/tflite/model-data';
import { readGraphs } from '../../lambda/engine/formats/tflite/model-graph';
import { PagedBytes } from '../../lambda/engine/formats/tflite/paged-bytes';
import { FlatbufferReader } from '../../lambda/engine/formats/tflite/read-flatbuffer';
import { FileSource } from '../../lambda/engine/io/file-source';

/**
 * The share of bytes in which the weights of two TFLite models differ that come from the same network; weights are told by
 * their operators' order, because tools name tensors as they like. Throws when they are not as many, or as long.
 */
export async function shareOfDifferences(a: string, b: string): Promise<number> {
  const [left, right] = [await weightsOf(a), await weightsOf(b)];
  const [lengths, others] = [left, right].map((weights) => weights.map(({ length }) => length).join());
  if (lengths === '' || lengths !== others) {
    throw new Error(`${a} and ${b} hold weights of different lengths: ${lengths} and ${others}`);
  }
  let [different, total] = [0, 0];
  left.forEach((weight, i) => {
    total += weight.length;
    for (let at = 0; at < weight.length; at++) if (weight[at] !== right[i][at]) different++;
  });
  return different / total;
}

async function weightsOf(path: string): Promise<Uint8Array[]> {
  const source = await FileSource.open(path);
  try {
    const file = new PagedBytes(source);
    const model = await new FlatbufferReader(file).root('Model');
    const { buffers } = await findData(model, file);
    const weights: Uint8Array[] = [];
    for (const { operators, tensors } of readGraphs(model, path)) {
      for (const { inputs } of operators) {
        const region = buffers[tensors[inputs[1]]?.buffer ?? 0];
        if (region === undefined) continue;
        weights.push(new Uint8Array(region.length));
        source.read(region.offset, weights[weights.length - 1]);
      }
    }
    return weights;
  } finally {
    await source.close();
  }
}
