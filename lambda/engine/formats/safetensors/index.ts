import { ModelFormat } from '../model-format';
import { planCheckpoint } from './plan-checkpoint';
import { convert } from './convert-step';
import { quantize } from './quantize-step';

/** Hugging Face checkpoints in safetensors, written as compressed-tensors for vLLM, SGLang and transformers. */
export const safetensorsFormat: ModelFormat = {
  name: 'safetensors',
  detect: async ({ files }) =>
    files.some(({ key }) => key.endsWith('.safetensors') || key.endsWith('.safetensors.index.json')),
  plan: planCheckpoint,
  executors: { 'safetensors.quantize': quantize, 'safetensors.convert': convert },
};
