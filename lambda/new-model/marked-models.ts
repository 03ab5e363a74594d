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
      const own = files.filter((file) => file.key.startsWith(folder));
      const newer = own.find((file) => file.modified > modified);
      if (newer !== undefined) console.info(`${newer.key} is newer than ${key}: waiting for another ${marker}`);
      return { folder, files: own, completed: modified, isComplete: () => Promise.resolve(newer === undefined) };
    });
}
