import { GoldenRequest } from './golden-requests';

/** What came of a request: the answer's body, or what the model said was wrong. */
export interface Answer {
  readonly body?: Buffer;
  readonly problem?: string;
}

/**
 * Sends one request to an endpoint. An error of the model is an answer; any other is one of the service, and is thrown,
 * so that the state machine tries again.
 */
export type Ask = (request: GoldenRequest) => Promise<Answer>;
