/** What stands in an ONNX model for a product with four-bit weights, in the words of onnxruntime's quantizer. */
export enum QuantFormat {
  /** `MatMulNBits`, an operator of onnxruntime. */
  QOPERATOR = 'QOperator',
  /** `DequantizeLinear` before the product, from operator set 21 on: ONNX's own operators alone. */
  QDQ = 'QDQ',
}
