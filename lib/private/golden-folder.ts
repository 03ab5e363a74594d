import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensure } from './validate';

/** A request out of a folder, and the answer beside it. */
export interface GoldenFile {
  readonly name: string;
  readonly contentType: string;
  readonly accept: string;
  readonly body: Buffer;
  readonly expected?: Buffer;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  jsonl: 'application/jsonlines',
  csv: 'text/csv',
  txt: 'text/plain',
};

/** Reads `<name>.request.<extension>` and `<name>.response.<extension>`, by name. @throws Error when a file has no place. */
export function readGoldenFolder(directory: string): GoldenFile[] {
  ensure(existsSync(directory), `the folder of golden requests ${directory} does not exist`);
  const files = readdirSync(directory).sort();
  const parts = files.map((file) => {
    const match = /^(.+)\.(request|response)\.([a-z0-9]+)$/.exec(file);
    if (match === null) {
      throw new Error(
        `${join(directory, file)} must be called <name>.request.<extension> or <name>.response.<extension>`,
      );
    }
    return { file, name: match[1], kind: match[2], type: CONTENT_TYPES[match[3]] ?? 'application/octet-stream' };
  });
  const requests = parts.filter(({ kind }) => kind === 'request');
  const answers = parts.filter(({ kind }) => kind === 'response');
  for (const { file, name } of answers) {
    ensure(
      requests.some((request) => request.name === name),
      `${join(directory, file)} answers no request; add ${name}.request.json, or remove it`,
    );
  }
  return requests.map(({ file, name, type }) => {
    const answer = answers.find((entry) => entry.name === name);
    return {
      name,
      contentType: type,
      accept: answer?.type ?? 'application/json',
      body: readFileSync(join(directory, file)),
      expected: answer && readFileSync(join(directory, answer.file)),
    };
  });
}
