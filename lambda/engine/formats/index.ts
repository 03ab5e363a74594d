import { ModelFormat } from './model-format';
import { onnxFormat } from './onnx/onnx-format';
import { safetensorsFormat } from './safetensors';
import { tfliteFormat } from './tflite/tflite-format';

/** Every format, in the order in which they are asked whether a model is theirs. */
export const FORMATS: readonly ModelFormat[] = [safetensorsFormat, tfliteFormat, onnxFormat];
