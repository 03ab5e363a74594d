import { StoredObject } from '../io/object-store';

/** The files beside a model. */
export interface CompanionFiles {
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

/** Whether a file is one that tools leave behind. */
export function isSilent(key: string): boolean {
  return SILENT.test(key);
}

/** Sorts the files that `isModel` does not claim: what is copied, and what stays behind and is told. */
export function sortCompanions(
  files: readonly StoredObject[],
  isModel: (index: number, key: string) => boolean,
): CompanionFiles {
  const copied: number[] = [];
  const left: string[] = [];
  files.forEach(({ key, size }, index) => {
    if (isModel(index, key) || size === 0 || isSilent(key)) return;
    const name = key.slice(key.lastIndexOf('/') + 1);
    if (COPIED.some((pattern) => pattern.test(name)) && !EXECUTED.test(key)) copied.push(index);
    else left.push(key);
  });
  return { copied, warnings: leftWarnings(left) };
}

function leftWarnings(left: readonly string[]): string[] {
  if (left.length === 0) return [];
  const shown = left.slice(0, 5).join(', ') + (left.length > 5 ? ` and ${left.length - 5} more` : '');
  return [
    `Left out of the artifact, because only data files such as labels and settings are copied beside a model: ${shown}.`,
  ];
}
