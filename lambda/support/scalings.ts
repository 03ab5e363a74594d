import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { Scaling, ScalingSpecification } from '../release/scaling';
import { text } from './fields';

const client = new ApplicationAutoScalingClient({ maxAttempts: 8 });
const cloudWatch = new CloudWatchClient({ maxAttempts: 8 });

/** The scaling that an event asks for by `scaling`; undefined where its endpoint does not scale. */
export function openScaling(event: Readonly<Record<string, unknown>>): Scaling | undefined {
  if (event.scaling === undefined || event.scaling === null) return undefined;
  return new Scaling(client, cloudWatch, text(event, 'endpointName'), event.scaling as ScalingSpecification);
}
