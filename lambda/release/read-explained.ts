/** A number as it stands in a cell; an empty cell is none. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A quoted cell, in which a quote is doubled, or one without quotes; then what ends it. */
const CELL = /(?:[ \t]*"((?:[^"]|"")*)"[ \t]*|([^,\r\n]*))(,|\r?\n|$)/y;

/**
 * An answer of SageMaker Clarify holds what the model says as a text, `predictions.data`. Puts the values that the text
 * stands for in its place: of `text/csv` the rows of cells, of `application/jsonlines` the value of each line. Any other
 * answer stays as it is.
 */
export function readExplained(answer: unknown, type: string | undefined): unknown {
  const predictions = predictionsOf(answer);
  if (typeof predictions?.data !== 'string') return answer;
  const values = read(predictions.data.replace(/\r?\n$/, ''), type);
  return values === undefined ? answer : { ...(answer as object), predictions: { ...predictions, data: values } };
}

/** The content type of the predictions in an explained answer; undefined for any other answer. */
export function contentTypeOf(answer: unknown): string | undefined {
  const type = predictionsOf(answer)?.content_type;
  return typeof type === 'string' ? type.split(';')[0].trim().toLowerCase() : undefined;
}

function predictionsOf(answer: unknown): { content_type?: unknown; data?: unknown } | undefined {
  const { predictions } = (answer ?? {}) as { predictions?: { data?: unknown } | null };
  return predictions ?? undefined;
}

function read(data: string, type: string | undefined): unknown[] | undefined {
  if (type === 'text/csv') return readCsv(data);
  if (type === 'application/jsonlines') return data.split(/\r?\n/).map(readLine);
  return undefined;
}

/** Undefined for what is no CSV. */
function readCsv(data: string): unknown[][] | undefined {
  const rows: unknown[][] = [[]];
  CELL.lastIndex = 0;
  for (;;) {
    const found = CELL.exec(data);
    if (found === null) return undefined;
    const [, quoted, plain, end] = found;
    rows.at(-1)!.push(readCell(quoted === undefined ? plain : quoted.replaceAll('""', '"')));
    if (end === '') return rows;
    if (end !== ',') rows.push([]);
  }
}

function readCell(text: string): number | string {
  const value = Number(text);
  return NUMBER.test(text.trim()) && Number.isFinite(value) ? value : text;
}

function readLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}
