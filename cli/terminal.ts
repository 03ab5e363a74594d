/** What a command writes to; `process` is one. */
export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
}

export interface Output {
  write(text: string): unknown;
  /** Whether a person watches, so that a line may be drawn over. */
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** Bytes as people read them: `3.42 GB`, decimal. */
export function formatBytes(bytes: number): string {
  // 999,500 and more show as 1.00 of the next unit: three digits would round up to a fourth.
  const step = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(Number(bytes.toPrecision(3))) / 3));
  return step === 0 ? `${bytes} B` : `${(bytes / 1000 ** step).toPrecision(3)} ${UNITS[step]}`;
}

/** A count and its noun: `1 file`, `2 files`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Rows as columns: the first, or as many as are text, to the left, the others to the right. */
export function formatTable(rows: readonly (readonly string[])[], textColumns = 1): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i < textColumns ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
