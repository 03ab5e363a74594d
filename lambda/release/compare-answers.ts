import { contentTypeOf, readExplained } from './read-explained';

/** How far numbers may be apart. */
export interface Tolerance {
  readonly absoluteTolerance: number;
  readonly relativeTolerance: number;
}

/** Of one answer, so that a report stays readable. */
const MOST_DIFFERENCES = 3;
const LONGEST_VALUE = 80;

/**
 * Where an answer is not the expected one, a few differences at most. JSON is compared by value: numbers within the
 * tolerance, lists by length and entry, and of objects those fields that are expected. Anything else byte by byte.
 * The predictions of an explained answer, a text of CSV or JSON lines, are compared by value as well.
 */
export function compareAnswers(expected: Buffer, received: Buffer, tolerance: Tolerance): string[] {
  const [wanted, got] = [parse(expected), parse(received)];
  if (wanted === undefined) {
    return expected.equals(received)
      ? []
      : [`expected ${show(expected.toString())}, received ${show(received.toString())}`];
  }
  if (got === undefined) return [`expected JSON, received ${show(received.toString())}`];
  const differences: string[] = [];
  const type = contentTypeOf(got.value);
  compare(readExplained(wanted.value, type), readExplained(got.value, type), '', tolerance, differences);
  return differences;
}

function compare(wanted: unknown, got: unknown, path: string, tolerance: Tolerance, differences: string[]): void {
  if (differences.length >= MOST_DIFFERENCES) return;
  const differ = (what: string): void => void differences.push(`${path === '' ? 'the answer' : path}: ${what}`);
  if (typeof wanted === 'number' && typeof got === 'number') {
    const allowed = tolerance.absoluteTolerance + tolerance.relativeTolerance * Math.abs(wanted);
    if (Math.abs(got - wanted) <= allowed) return;
    return differ(`expected ${wanted}${allowed === 0 ? '' : ` within ${allowed}`}, received ${got}`);
  }
  if (Array.isArray(wanted) && Array.isArray(got)) {
    if (wanted.length !== got.length) return differ(`expected ${wanted.length} entries, received ${got.length}`);
    return wanted.forEach((entry, index) => compare(entry, got[index], `${path}[${index}]`, tolerance, differences));
  }
  if (isObject(wanted) && isObject(got)) {
    for (const [key, value] of Object.entries(wanted)) {
      const place = path === '' ? key : `${path}.${key}`;
      if (Object.hasOwn(got, key)) compare(value, got[key], place, tolerance, differences);
      else differences.push(`${place}: expected ${show(JSON.stringify(value))}, received nothing`);
    }
    return;
  }
  if (wanted !== got) differ(`expected ${show(JSON.stringify(wanted))}, received ${show(JSON.stringify(got))}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(bytes: Buffer): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(bytes.toString('utf8')) };
  } catch {
    return undefined;
  }
}

function show(text: string): string {
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
