/** What kind of file a model is. */
export enum ModelFormat {
  /** TensorFlow Lite (LiteRT), run by CPUs. */
  TFLITE = 'tflite',
  /** ONNX, run by CPUs and GPUs with onnxruntime and Triton. */
  ONNX = 'onnx',
  /** Hugging Face safetensors, run by GPUs with vLLM and its like. */
  SAFETENSORS = 'safetensors',
}
