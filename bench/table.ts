import { isMet, Result } from './result';

const HEAD = ['part', 'what', 'modelpress', 'compared with', 'result', 'target', 'met'];

/** The results as a Markdown table with aligned columns, so that its lines can be read here and quoted elsewhere. */
export function renderTable(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const { part, subject, ours, other, value, target } = result;
    const bound = target.bound === 'at least' ? '>=' : '<=';
    const wanted = `${bound} ${target.format(target.value)}`;
    return [part, subject, ours, other, target.format(value), wanted, isMet(result) ? 'yes' : 'NO'];
  });
  const widths = HEAD.map((head, column) =>
    Math.max(...[head, ...rows.map((row) => row[column])].map((t) => t.length)),
  );
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(HEAD), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
