import { SageMakerServiceException } from '@aws-sdk/client-sagemaker';

/** The endpoint is changing at this moment; the state machine tries again later. */
export class EndpointBusyError extends Error {
  override readonly name = 'EndpointBusy';
}

/** The endpoint is in a state that a release cannot mend; a person has to look. */
export class EndpointBrokenError extends Error {
  override readonly name = 'EndpointBroken';
}

/** Another release has the turn; the state machine tries again later. */
export class ReleaseQueuedError extends Error {
  override readonly name = 'ReleaseQueued';
}

/** Another release has taken over; this one must not touch the endpoint any more. */
export class TurnLostError extends Error {
  override readonly name = 'TurnLost';
}

/** The artifact is not there, or not complete. */
export class NoArtifactError extends Error {
  override readonly name = 'NoArtifact';
}

/** SageMaker says "not there" with a ValidationException, and names taken with another; only the text tells. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof SageMakerServiceException)) return false;
  return (
    error.name === 'ResourceNotFound' || (error.name === 'ValidationException' && /could not find/i.test(error.message))
  );
}

export function isTaken(error: unknown): boolean {
  if (!(error instanceof SageMakerServiceException)) return false;
  return (
    error.name === 'ResourceInUse' || (error.name === 'ValidationException' && /already exist/i.test(error.message))
  );
}

/** The answer to a call; undefined when what it is about is not there. */
export async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Names are digests of content, so one that is taken holds what was about to be made. */
export async function unlessTaken(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
}

/** An update or a deletion that SageMaker refuses because another change is under way. */
export function isInProgress(error: unknown): boolean {
  return (
    error instanceof SageMakerServiceException &&
    error.name === 'ValidationException' &&
    /in-progress|is being|currently (creating|updating|deleting)/i.test(error.message)
  );
}
