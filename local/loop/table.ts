/** Lays out rows in columns; the first column is aligned left, the others right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => [...row[column]].length)));
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('   ')}`;
  const rule = `  ${widths.map((width) => '─'.repeat(width)).join('───')}`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n');
}
