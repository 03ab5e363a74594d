import { basename, join } from 'node:path';

/** Folder that a container's own scripts lie in. */
export const CONTAINERS = join(__dirname, '..', 'containers');

/** Turns `/opt/ml/…` into the folder that stands for it; other texts stay as they are. */
export function localPath(text: string, root: string): string {
  return text === '/opt/ml' || text.startsWith('/opt/ml/') ? root + text.slice('/opt/ml'.length) : text;
}

/** `/opt/ml/…` in every value. */
export function localEnvironment(
  environment: Readonly<Record<string, string>> | undefined,
  root: string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(environment ?? {}).map(([name, value]) => [name, localPath(value, root)]));
}

/** A container's command with `/opt/ml/…` and the interpreter replaced by what stands for them here. */
export function localCommand(command: readonly string[], root: string, python: string): string[] {
  return command.map((word, index) =>
    index === 0 && /^python[\d.]*$/.test(basename(word)) ? python : localPath(word, root),
  );
}
