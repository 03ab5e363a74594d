import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GoldenFile, readGoldenFolder } from './private/golden-folder';
import { ensure } from './private/validate';

/** How far answers may be from the expected ones. */
export interface SmokeTestOptions {
  /**
   * How far a number may be from the expected one, whatever its size.
   *
   * @default 0
   */
  readonly absoluteTolerance?: number;
  /**
   * How far a number may be from the expected one besides, as a share of it: 0.01 for one percent.
   *
   * @default 0
   */
  readonly relativeTolerance?: number;
}

/** A request whose answer is known. */
export interface GoldenRequest extends SmokeTestOptions {
  /** What reports call it. */
  readonly name: string;
  /** The request's body. */
  readonly body: string;
  /**
   * The body's content type.
   *
   * @default 'application/json'
   */
  readonly contentType?: string;
  /**
   * The content type that the answer should have.
   *
   * @default 'application/json'
   */
  readonly accept?: string;
  /**
   * The answer. JSON is compared by value: numbers within the tolerance, lists by length and entry, and of objects only
   * the fields that stand here. Of an endpoint with an `explainer`, so are the predictions, cell by cell of CSV or line
   * by line of JSON lines. Anything else must be the same text.
   *
   * @default - any answer that is no error
   */
  readonly expected?: string;
}

/** The endpoint's whole request, SageMaker's limit. */
const MAX_BODY_BYTES = 6_291_456;
const MAX_REQUESTS = 100;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * What a release asks the endpoint once it serves. Wrong answers bring back the release before.
 *
 * @example
 * SmokeTest.fromDirectory('golden', { absoluteTolerance: 0.01 });
 */
export class SmokeTest {
  /**
   * Requests from a folder: `<name>.request.<extension>` with the body, and `<name>.response.<extension>` with the
   * answer, if it matters. The extension tells the content type: `json`, `jsonl`, `csv`, `txt`, or anything else for
   * bytes.
   */
  public static fromDirectory(directory: string, options: SmokeTestOptions = {}): SmokeTest {
    return new SmokeTest(readGoldenFolder(directory).map((file) => ({ ...file, ...options })));
  }

  /** Requests as they stand here. */
  public static fromRequests(requests: GoldenRequest[]): SmokeTest {
    return new SmokeTest(
      requests.map(({ body, expected, contentType, accept, ...rest }) => ({
        ...rest,
        contentType: contentType ?? 'application/json',
        accept: accept ?? 'application/json',
        body: Buffer.from(body),
        expected: expected === undefined ? undefined : Buffer.from(expected),
      })),
    );
  }

  private constructor(private readonly requests: (GoldenFile & SmokeTestOptions)[]) {
    ensure(
      requests.length >= 1 && requests.length <= MAX_REQUESTS,
      `a smoke test needs 1 to ${MAX_REQUESTS} requests, received: ${requests.length}`,
    );
    const names = requests.map(({ name }) => name);
    ensure(
      new Set(names).size === names.length,
      `golden requests need names of their own, received: ${names.join(', ')}`,
    );
    for (const { name, body, absoluteTolerance = 0, relativeTolerance = 0 } of requests) {
      ensure(
        body.length <= MAX_BODY_BYTES,
        `the golden request ${name} has ${body.length} bytes; an endpoint takes at most ${MAX_BODY_BYTES}`,
      );
      ensure(
        absoluteTolerance >= 0 && relativeTolerance >= 0,
        `the tolerances of the golden request ${name} must be 0 or more, received: ${absoluteTolerance} and ${relativeTolerance}`,
      );
    }
  }

  /**
   * Packs the requests for the function that sends them; returns the file's path.
   *
   * @internal
   */
  public _pack(): string {
    const packed = this.requests.map((request) => ({
      name: request.name,
      contentType: request.contentType,
      accept: request.accept,
      body: request.body.toString('base64'),
      expected: request.expected?.toString('base64'),
      absoluteTolerance: request.absoluteTolerance ?? 0,
      relativeTolerance: request.relativeTolerance ?? 0,
    }));
    const text = JSON.stringify(packed);
    ensure(text.length <= MAX_BYTES, `the golden requests have ${text.length} bytes together; at most ${MAX_BYTES}`);
    const path = join(mkdtempSync(join(tmpdir(), 'modelpress-')), 'golden.json');
    writeFileSync(path, text);
    return path;
  }
}
