import { InvalidModelError } from '../../errors';
import { StoredObject } from '../../io/object-store';
import { isSilent } from '../companion-files';

/** Indexes of the files that may be the model, by their names. */
export function candidates(files: readonly StoredObject[]): number[] {
  return files.flatMap(({ key }, index) => (/\.onnx$/i.test(key) && !isSilent(key) ? [index] : []));
}

/**
 * The one model among the files.
 *
 * @throws InvalidModelError unless there is exactly one.
 */
export function modelAmong(files: readonly StoredObject[]): number {
  const models = candidates(files);
  const [model] = models;
  if (model !== undefined && models.length === 1) return model;
  throw new InvalidModelError(
    models.map((index) => files[index].key).join(', ') || 'the model',
    'a model is one .onnx file with its data beside it; leave one and put the others under addresses of their own',
  );
}
