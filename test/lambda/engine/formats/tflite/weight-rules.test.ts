import { OP } from '../../../../../lambda/engine/formats/tflite/model-fields';
import { WEIGHT_RULES } from '../../../../../lambda/engine/formats/tflite/weight-rules';

/**
 * What TensorFlow 2.21's quantize_weights.cc compresses: the inputs of each operator that it looks at, and the version that
 * it gives an operator with int8 weights. `later` is what the converter writes in its place since it has a scale for each
 * channel there. GATHER and TRANSPOSE_CONV get the versions of versioning/op_version.cc, as the golden files do.
 */
const CONVERTER: Readonly<Record<string, { inputs: number[]; version: number; later?: number }>> = {
  conv2d: { inputs: [1], version: 5 },
  depthwiseConv2d: { inputs: [1], version: 6 },
  fullyConnected: { inputs: [1], version: 9, later: 12 },
  batchMatmul: { inputs: [1], version: 4 },
  embeddingLookup: { inputs: [1], version: 3, later: 4 },
  transposeConv: { inputs: [1], version: 2 },
  svdf: { inputs: [1, 2], version: 4 },
  lstm: { inputs: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16], version: 4 },
  unidirectionalSequenceLstm: { inputs: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16], version: 3 },
  rnn: { inputs: [1, 2], version: 3 },
  unidirectionalSequenceRnn: { inputs: [1, 2], version: 3 },
  bidirectionalSequenceLstm: {
    inputs: [
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 33, 40, 41, 42, 43, 44, 45, 46,
      47,
    ],
    version: 3,
  },
  bidirectionalSequenceRnn: { inputs: [1, 2, 4, 5, 6, 8, 9, 10, 11], version: 3 },
  gather: { inputs: [0], version: 2 },
};

/** Of those inputs, the ones that are no weights: the states that an RNN keeps, and its second activation. */
const NO_WEIGHTS: Readonly<Record<string, number[]>> = { bidirectionalSequenceRnn: [4, 8, 9] };

/** Operators in ai-edge-quantizer 0.10's policy for dynamic range, with int8 and with int4 for each channel. */
const EDGE = {
  int8: ['batchMatmul', 'conv2d', 'transposeConv', 'depthwiseConv2d', 'embeddingLookup', 'fullyConnected'],
  int4: ['fullyConnected', 'embeddingLookup', 'conv2d'],
};

const nameOf = (builtin: number): string => Object.entries(OP).find(([, code]) => code === builtin)![0];
const ruled = (rules: typeof WEIGHT_RULES) => [...new Set(rules.map(({ builtin }) => nameOf(builtin)))].sort();

test('the operators whose weights are compressed are those of the converter, no more and no fewer', () => {
  expect(ruled(WEIGHT_RULES)).toEqual(Object.keys(CONVERTER).sort());
});

test.each(Object.entries(CONVERTER))('%s: weights and version are the converter’s', (name, { inputs, ...versions }) => {
  const rules = WEIGHT_RULES.filter(({ builtin }) => nameOf(builtin) === name);
  const weights = inputs.filter((input) => !(NO_WEIGHTS[name] ?? []).includes(input));
  for (const rule of rules) expect([...rule.inputs].sort((a, b) => a - b)).toEqual(weights);
  // A grouped convolution's kernel came one version later; its rule is the second.
  expect(rules[0].int8.version).toBe(versions.later ?? versions.version);
});

test('all that ai-edge-quantizer compresses is compressed, with int4 where it has int4', () => {
  expect(ruled(WEIGHT_RULES)).toEqual(expect.arrayContaining(EDGE.int8));
  expect(ruled(WEIGHT_RULES.filter(({ int4 }) => int4 !== undefined))).toEqual([...EDGE.int4].sort());
});
