import { InvalidModelError } from '../../errors';
import { StoredObject } from '../../io/object-store';

/** Which of the source's files are what. */
export interface ModelFiles {
  /** Index of the model. */
  readonly model: number;
  /** Indexes of files that go into the artifact as they are. */
  readonly copied: readonly number[];
  readonly warnings: readonly string[];
}

/** Data that an inference script reads beside a model: labels, vocabularies, settings, licences. */
const COPIED = [/\.(?:json|jsonl|txt|csv|tsv|vocab|model|labels|pbtxt|ya?ml|md)$/i, /^(?:LICENSE|NOTICE)(?:\.\w+)?$/i];
/** Serving images run what lies in `code` and install what a requirements file lists. */
const EXECUTED = /(?:^|\/)(?:code\/|requirements[^/]*\.txt$)/i;
/** What tools leave behind, and what the artifact has of its own; not worth a word. */
const SILENT = /(?:^|\/)\.|^manifest\.json$/;
/** What a SavedModel's folder holds beside the graph's own file. */
const SAVED_MODEL_PARTS =
  /^(?:saved_model\.(?:pb|pbtxt)|fingerprint\.pb|keras_metadata\.pb|(?:variables|assets|assets\.extra)\/.*)$/;

/** Keys of the files that may be the model, by their names. */
export function candidates(files: readonly StoredObject[]): number[] {
  return files.flatMap(({ key }, index) => (/\.tflite$/i.test(key) && !SILENT.test(key) ? [index] : []));
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
  const copied: number[] = [];
  const left: string[] = [];
  files.forEach(({ key, size }, index) => {
    if (index === model || size === 0 || SILENT.test(key) || inSavedModel(key)) return;
    const name = key.slice(key.lastIndexOf('/') + 1);
    if (COPIED.some((pattern) => pattern.test(name)) && !EXECUTED.test(key)) copied.push(index);
    else left.push(key);
  });
  return { model, copied, warnings: [...savedModelWarnings(roots), ...leftWarnings(left)] };
}

function savedModelWarnings(roots: readonly string[]): string[] {
  return [...new Set(roots)].map(
    (root) =>
      `The SavedModel in ${root === '' ? "the model's own folder" : root} is not part of the artifact, ` +
      'because it is the same network uncompressed; it stays where it is in the source.',
  );
}

function leftWarnings(left: readonly string[]): string[] {
  if (left.length === 0) return [];
  const shown = left.slice(0, 5).join(', ') + (left.length > 5 ? ` and ${left.length - 5} more` : '');
  return [
    `Left out of the artifact, because only data files such as labels and settings are copied beside a model: ${shown}.`,
  ];
}
