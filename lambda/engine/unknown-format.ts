import { InvalidModelError } from './errors';
import { ModelFormat } from './formats/model-format';
import { StoredObject } from './io/object-store';

/** What to do about files that people take for a model and that no format here reads. The first that fits is told. */
const ADVICE: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/\.(tar(\.\w+)?|tgz|zip)$/i, 'unpack it first; a training job leaves its files unpacked with CompressionType NONE'],
  [
    /\.(pkl|pickle|pt|pth|ckpt|bin|joblib)$/i,
    'may be a pickle, which can run code and is never opened; save the weights as safetensors, or export to ONNX',
  ],
  [/(\.(keras|h5|hdf5|pb)|\.data-\d{5}-of-\d{5})$/i, "convert it with TensorFlow's TFLiteConverter, or export to ONNX"],
  [/\.gguf$/i, 'is quantized for llama.cpp already: start from the safetensors that it was made of'],
  [/\.npz$/i, 'save the arrays as safetensors'],
];

const SHOWN = 5;

/** The error for a folder without a model: what is there, and how the files that hold the weights become a model. */
export function unknownFormat(
  root: string,
  files: readonly StoredObject[],
  formats: readonly ModelFormat[],
): InvalidModelError {
  const names = formats.map((format) => format.name).join(', ');
  const seen = files.slice(0, SHOWN).map((file) => file.key);
  const found = `found ${files.length} ${files.length === 1 ? 'file' : 'files'}: ${seen.join(', ')}`;
  const bySize = [...files].sort((a, b) => b.size - a.size);
  const advice = bySize.flatMap(({ key }) => {
    const known = ADVICE.find(([pattern]) => pattern.test(key));
    return known === undefined ? [] : [`${key}: ${known[1]}`];
  });
  const message = `holds no model of a known format (${names}); ${found}${files.length > SHOWN ? ', …' : ''}`;
  return new InvalidModelError(root, [message, ...advice.slice(0, 1)].join('; '));
}
