/** What kind of file a model is. */
export enum ModelFormat {
  /** TensorFlow Lite (LiteRT), run by CPUs. */
  TFLITE = 'tflite',
  /** Hugging Face safetensors, run by GPUs with vLLM and its like. */
  SAFETENSORS = 'safetensors',
}
