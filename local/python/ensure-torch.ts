import { join, resolve } from 'node:path';
import { ensurePython } from './ensure-python';

/** Repositories of Deep Learning Containers whose scripts import torch; PyTorch's own inference image runs any script. */
const TORCH_IMAGES = ['pytorch', 'pytorch-training', 'huggingface-pytorch-training', 'huggingface-pytorch-inference'];

/** Whether the scripts that an image runs need torch. */
export function needsTorch(repository: string): boolean {
  return TORCH_IMAGES.includes(repository);
}

/**
 * Makes the virtual environment that stands in for PyTorch's images, in `.modelpress/torch`, at its first use. It is apart
 * from the project's own because torch brings gigabytes of CUDA libraries on Linux, without which it does not import.
 * MODELPRESS_TORCH_PYTHON names an interpreter that has the packages already; nothing is installed then.
 *
 * @throws NoPythonError when this machine has no usable Python; Error with pip's last lines when installing fails.
 */
export async function ensureTorch(report: (line: string) => void, signal?: AbortSignal): Promise<string> {
  const chosen = process.env.MODELPRESS_TORCH_PYTHON;
  if (chosen !== undefined && chosen !== '') return chosen;
  const requirements = join(__dirname, 'requirements-torch.txt');
  const { python } = await ensurePython({
    root: resolve(__dirname, '../../.modelpress/torch'),
    requirements: { local: requirements, test: requirements },
    imports: ['torch', 'onnx', 'onnxscript', 'onnxruntime', 'transformers', 'compressed_tensors'],
    space: process.platform === 'linux' ? '5 GB of disk, most of it CUDA libraries that torch asks for' : undefined,
    report,
    signal,
  });
  return python;
}
