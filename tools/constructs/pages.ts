import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeExample, PAGES, readExample } from './example-stacks';
import { graphOf } from './graph';
import { permissionTable } from './permissions';
import { drawSvg } from './picture';
import { StackTemplate } from './template';

/** A file of the documentation that is made, with what it ought to say. */
export interface Made {
  readonly file: string;
  readonly text: string;
}

/** A construct's page with its examples and permissions, and its picture, as they ought to be. */
export async function makePage(page: string): Promise<Made[]> {
  const file = join(PAGES, `${page}.md`);
  const minimal = new StackTemplate(await makeExample(page, 'minimal'));
  const full = new StackTemplate(await makeExample(page, 'full'));
  const sections = {
    minimal: fenced(readExample(page, 'minimal')),
    full: fenced(readExample(page, 'full')),
    permissions: permissionTable(full),
  };
  const text = Object.entries(sections).reduce(
    (before, [name, content]) => replace(before, name, content, file),
    readFileSync(file, 'utf8'),
  );
  const picture = await drawSvg(graphOf(minimal), `What ${page} makes`);
  return [
    { file, text },
    { file: join(PAGES, `${page}.svg`), text: picture },
  ];
}

function fenced(code: string): string {
  return `\`\`\`ts\n${code}\n\`\`\``;
}

function replace(text: string, name: string, content: string, file: string): string {
  const [begin, end] = [`<!-- ${name}, made by npm run docs -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no place for its ${name}: ${begin} … ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}
