import { StoredObject } from '../../io/object-store';

/** Files that a served model needs beside its weights, and that nobody executes. */
const ALLOWED = [
  /\.(?:json|jsonl|model|jinja|tiktoken|vocab|merges|spm|bpe|md|txt)$/i,
  /^(?:LICENSE|NOTICE|USE_POLICY|COPYING)(?:\.\w+)?$/i,
];
/** Serving images install what such a file lists. */
const INSTALLED = /^requirements[^/]*\.txt$/i;
/** Files that tools leave behind; not worth a word. */
const SILENT = /(?:^|\/)(?:\.[^/]*|manifest\.json)(?:\/|$)/;

/** Which of the files beside the weights go into the artifact. */
export interface PassedFiles {
  /** Indexes into the source's files. */
  readonly copied: readonly number[];
  /** Keys of files that stay behind. */
  readonly refused: readonly string[];
}

/** Sorts the files that are not part of the checkpoint itself. A list of what may pass, because serving code runs what it finds. */
export function sortFiles(files: readonly StoredObject[], taken: ReadonlySet<number>): PassedFiles {
  const copied: number[] = [];
  const refused: string[] = [];
  files.forEach(({ key, size }, index) => {
    if (taken.has(index) || SILENT.test(key) || size === 0) return;
    const name = key.slice(key.lastIndexOf('/') + 1);
    const allowed =
      ALLOWED.some((pattern) => pattern.test(name)) && !INSTALLED.test(name) && !/(?:^|\/)code\//.test(key);
    if (allowed) copied.push(index);
    else refused.push(key);
  });
  return { copied, refused };
}
