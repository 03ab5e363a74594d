import { readFileSync } from 'node:fs';

/** The last lines of a log file, indented for a message; says so when there is no log. */
export function logTail(file: string, lines = 25): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return `  (no log at ${file})`;
  }
  return indent(text, lines);
}

/** The last lines of a text, indented. */
export function indent(text: string, lines = 25): string {
  const all = text.trimEnd().split('\n');
  return all
    .slice(-lines)
    .map((line) => `  ${line}`)
    .join('\n');
}
