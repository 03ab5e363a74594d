import { Duration } from 'aws-cdk-lib';
import { EndpointSpecification } from '../endpoint-specification';
import { ShadowTest } from '../shadow-test';
import { ensure, requireDuration, requireNumber, requireWhole } from './validate';

/** A shadow test as the release machine needs it. */
export interface Shadow {
  readonly duration: Duration;
  /** The ShadowSpecification of the Shadow function. */
  readonly specification: { readonly samplingPercentage: number; readonly limits: Record<string, number> };
}

/** Checks a shadow test, and that SageMaker serves shadows of such an endpoint. */
export function validateShadow(spec: EndpointSpecification): void {
  const { shadowTest: test } = spec;
  if (test === undefined) return;
  requireWhole(test.samplingPercentage, 'shadowTest.samplingPercentage', 1, 100);
  requireDuration(test.duration, 'shadowTest.duration', 60, 12 * 3600);
  requireWhole(test.minInvocations, 'shadowTest.minInvocations', 1, 2 ** 31 - 1);
  requireNumber(test.maxErrorShare, 'shadowTest.maxErrorShare', 0, 0.999);
  requireNumber(test.maxLatencyRatio, 'shadowTest.maxLatencyRatio', 0.1, 100);
  const latency = test.maxModelLatency?.toMilliseconds();
  ensure(
    latency === undefined || (latency >= 1 && latency <= 3_600_000),
    `shadowTest.maxModelLatency must be from 1 millisecond to 1 hour, received: ${latency} ms`,
  );
  refuseExcluded(spec);
}

function refuseExcluded(spec: EndpointSpecification): void {
  ensure(
    spec.asyncInference === undefined,
    'shadowTest cannot go together with asyncInference: SageMaker copies requests only of endpoints that answer at once',
  );
  ensure(
    spec.instanceType.family !== 'inf1',
    `shadowTest cannot go together with ${spec.instanceType.name}: SageMaker serves no shadows of endpoints on Inf1 instances`,
  );
  ensure(
    spec.updatePolicy?._isRolling() !== true,
    'shadowTest cannot go together with a rolling update: a shadow comes and goes by a second fleet, which a rolling update is there to save; ' +
      'take allAtOnce(), canary() or linear()',
  );
  ensure(
    spec.fallbackInstanceTypes === undefined,
    'shadowTest cannot go together with fallbackInstanceTypes: the two models could run on different instances, and their latencies would not compare',
  );
  ensure(
    spec.explainer === undefined,
    'shadowTest cannot go together with explainer: the latencies and errors would be those of SageMaker Clarify, which asks a model many times for each request',
  );
}

/** A shadow test with its defaults. */
export function renderShadow(test: ShadowTest): Shadow {
  const { samplingPercentage, duration, minInvocations, maxErrorShare, maxModelLatency, maxLatencyRatio } = test;
  return {
    duration: duration ?? Duration.minutes(30),
    specification: {
      samplingPercentage,
      limits: {
        minInvocations: minInvocations ?? 100,
        maxErrorShare: maxErrorShare ?? 0.01,
        ...(maxModelLatency === undefined ? {} : { maxModelLatencyMs: maxModelLatency.toMilliseconds() }),
        maxLatencyRatio: maxLatencyRatio ?? 1.5,
      },
    },
  };
}
