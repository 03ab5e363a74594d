import { InvalidEventError } from '../support/fields';

/** A request whose answer is known. The stack packs them into one JSON file, a list of these. */
export interface GoldenRequest {
  readonly name: string;
  /** The body, base64. */
  readonly body: string;
  readonly contentType: string;
  readonly accept: string;
  /** The answer, base64; where it is absent, any answer will do. */
  readonly expected?: string;
  /** How far a number may be from the expected one: this, plus `relativeTolerance` times the expected one. */
  readonly absoluteTolerance: number;
  readonly relativeTolerance: number;
}

/** @throws InvalidEventError when the file is not what the stack packs. */
export function parseGoldenRequests(json: string): GoldenRequest[] {
  const parsed: unknown = JSON.parse(json);
  const isRight = (entry: Partial<GoldenRequest> | null): boolean =>
    typeof entry?.name === 'string' && typeof entry.body === 'string' && typeof entry.contentType === 'string';
  if (!Array.isArray(parsed) || !parsed.every(isRight)) {
    throw new InvalidEventError('the golden requests are not those that the stack packs; deploy the stack again');
  }
  return parsed as GoldenRequest[];
}
