/** How a new model is tried in the shadow of the one that serves; the stack renders it into the machine's definition. */
export interface ShadowSpecification {
  /** Share of the requests of which the new model gets a copy, 1 to 100. */
  readonly samplingPercentage: number;
  readonly limits: ShadowLimits;
}

/** What the new model's requests must come to; an absent limit allows everything. */
export interface ShadowLimits {
  /** Fewer requests prove nothing. */
  readonly minInvocations: number;
  /** How much larger its share of failed requests may be than that of the model that serves, 0 to below 1. */
  readonly maxErrorShare: number;
  /** The 99th percentile of the time in its container. */
  readonly maxModelLatencyMs?: number;
  /** The same, as a multiple of that of the model that serves. */
  readonly maxLatencyRatio?: number;
}
