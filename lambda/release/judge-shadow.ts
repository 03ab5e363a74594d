import { ShadowLimits } from './shadow-specification';
import { VariantMetrics } from './variant-metrics';

export interface ShadowVerdict {
  readonly state: 'Passed' | 'Failed';
  /** The numbers, and what is wrong with them; for the state machine's cause. */
  readonly reason: string;
  readonly production: VariantMetrics;
  readonly shadow: VariantMetrics;
}

/** Compares what requests came to in the shadow with the limits, and with what they came to in the model that serves. */
export function judgeShadow(production: VariantMetrics, shadow: VariantMetrics, limits: ShadowLimits): ShadowVerdict {
  const numbers = `of ${shadow.invocations} copied requests it failed on ${percent(shadow.errorShare)}${latency(shadow)}; the model that serves failed on ${percent(production.errorShare)} of ${production.invocations}${latency(production)}`;
  const problems = problemsOf(production, shadow, limits);
  if (problems.length === 0)
    return { state: 'Passed', reason: `the new model kept its limits in the shadow: ${numbers}`, production, shadow };
  return {
    state: 'Failed',
    reason: `the new model did not keep its limits in the shadow: ${problems.join('; ')} (${numbers})`,
    production,
    shadow,
  };
}

function problemsOf(production: VariantMetrics, shadow: VariantMetrics, limits: ShadowLimits): string[] {
  const { minInvocations, maxErrorShare, maxModelLatencyMs = Infinity, maxLatencyRatio = Infinity } = limits;
  // Nothing else that could be said of too few requests would mean anything.
  if (shadow.invocations < minInvocations) {
    return [
      `it got ${shadow.invocations} requests, and at least ${minInvocations} are needed; observe longer, sample more, or ask for fewer`,
    ];
  }
  const problems: string[] = [];
  const more = shadow.errorShare - production.errorShare;
  if (more > maxErrorShare)
    problems.push(`it failed on ${percent(more)} more, at most ${percent(maxErrorShare)} are allowed`);
  const { p99Ms: own = 0 } = shadow;
  if (own > maxModelLatencyMs)
    problems.push(`its p99 latency is ${milliseconds(own)}, at most ${milliseconds(maxModelLatencyMs)} is allowed`);
  if (production.p99Ms !== undefined && own > production.p99Ms * maxLatencyRatio) {
    problems.push(
      `its p99 latency is ${(own / production.p99Ms).toFixed(2)} times that of the model that serves, at most ${maxLatencyRatio} times is allowed`,
    );
  }
  return problems;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

function milliseconds(value: number): string {
  return `${Number(value.toFixed(1))} ms`;
}

function latency({ p99Ms }: VariantMetrics): string {
  return p99Ms === undefined ? '' : `, p99 ${milliseconds(p99Ms)}`;
}
