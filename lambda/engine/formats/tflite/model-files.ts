import { InvalidModelError } from '../../errors';
import { StoredObject } from '../../io/object-store';
import { CompanionFiles, isSilent, sortCompanions } from '../companion-files';

/** Which of the source's files are what. */
export interface ModelFiles extends CompanionFiles {
  /** Index of the model. */
  readonly model: number;
}

/** What a SavedModel's folder holds beside the graph's own file. */
const SAVED_MODEL_PARTS =
  /^(?:saved_model\.(?:pb|pbtxt)|fingerprint\.pb|keras_metadata\.pb|(?:variables|assets|assets\.extra)\/.*)$/;

/** Keys of the files that may be the model, by their names. */
export function candidates(files: readonly StoredObject[]): number[] {
  return files.flatMap(({ key }, index) => (/\.tflite$/i.test(key) && !isSilent(key) ? [index] : []));
}

/**
 * Sorts the files: the model, what is copied beside it, and what stays behind. A SavedModel stays behind whole: it is
 * the same network uncompressed, and an artifact that carried it would be larger than its source.
 *
 * @throws InvalidModelError unless there is exactly one model.
 */
export function sortFiles(files: readonly StoredObject[]): ModelFiles {
  const models = candidates(files);
  const [model] = models;
  if (model === undefined || models.length > 1) {
    const found = models.map((index) => files[index].key).join(', ');
    throw new InvalidModelError(
      found || 'the model',
      'a model is one .tflite file; leave one and put the others under addresses of their own',
    );
  }
  const roots = files.flatMap(
    ({ key }) => /^(.*\/)?saved_model\.(?:pb|pbtxt)$/.exec(key)?.[0].replace(/[^/]*$/, '') ?? [],
  );
  const inSavedModel = (key: string) =>
    roots.some((root) => key.startsWith(root) && SAVED_MODEL_PARTS.test(key.slice(root.length)));
  const { copied, warnings } = sortCompanions(files, (index, key) => index === model || inSavedModel(key));
  return { model, copied, warnings: [...savedModelWarnings(roots), ...warnings] };
}

function savedModelWarnings(roots: readonly string[]): string[] {
  return [...new Set(roots)].map(
    (root) =>
      `The SavedModel in ${root === '' ? "the model's own folder" : root} is not part of the artifact, ` +
      'because it is the same network uncompressed; it stays where it is in the source.',
  );
}
