import { ModelError } from '../engine/errors';

/** The model is not good enough to be released; the numbers stand in the message. */
export class GateFailedError extends ModelError {
  override readonly name = 'GateFailed';

  /** @param breaches One line for each limit that is not kept, with the numbers. */
  constructor(title: string, breaches: readonly string[]) {
    super([title, ...breaches.map((breach) => `- ${breach}`)].join('\n'));
  }
}

/** The evaluation wrote no metrics that could be compared. */
export class InvalidMetricsError extends ModelError {
  override readonly name = 'InvalidMetrics';
}
