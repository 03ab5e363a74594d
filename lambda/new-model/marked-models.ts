import { Candidate } from './candidate';
import { folderOf, UploadedFile } from './uploaded-file';

/**
 * Folders with a marker. One whose files are newer than its marker is being uploaded again, and not complete until the
 * marker is, too.
 */
export function markedModels(files: readonly UploadedFile[], marker: string): Candidate[] {
  return files
    .filter(({ key }) => key === folderOf(key) + marker)
    .map(({ key, modified }) => {
      const folder = folderOf(key);
      const newer = files.find((file) => file.key.startsWith(folder) && file.modified > modified);
      if (newer !== undefined) console.info(`${newer.key} is newer than ${key}: waiting for another ${marker}`);
      return { folder, completed: modified, isComplete: () => Promise.resolve(newer === undefined) };
    });
}
