import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { compareAnswers } from './compare-answers';
import { GoldenRequest } from './golden-requests';

export interface SmokeTestAnswer {
  readonly state: 'Passed' | 'Failed';
  readonly requests: number;
  readonly failed: number;
  /** What was wrong, with the numbers; for the state machine's cause. */
  readonly reason: string;
}

/** In the reason; the count of all is told besides. */
const MOST_TOLD = 5;

/** Sends each golden request once and compares the answers. */
export async function runSmokeTest(
  client: SageMakerRuntimeClient,
  endpointName: string,
  requests: readonly GoldenRequest[],
): Promise<SmokeTestAnswer> {
  const problems: string[] = [];
  for (const request of requests) {
    const differences = await tryRequest(client, endpointName, request);
    if (differences.length > 0) problems.push(`${request.name}: ${differences.join('; ')}`);
  }
  const counts = { requests: requests.length, failed: problems.length };
  if (problems.length === 0) {
    return { state: 'Passed', ...counts, reason: `${requests.length} golden requests were answered as expected` };
  }
  const told = problems.slice(0, MOST_TOLD).join('\n');
  return {
    state: 'Failed',
    ...counts,
    reason: `${problems.length} of ${requests.length} golden requests were answered wrongly:\n${told}`,
  };
}

/** An error of the model is a wrong answer. Any other is one of the service, which the state machine tries again. */
async function tryRequest(
  client: SageMakerRuntimeClient,
  endpointName: string,
  request: GoldenRequest,
): Promise<string[]> {
  try {
    const { Body } = await client.send(
      new InvokeEndpointCommand({
        EndpointName: endpointName,
        ContentType: request.contentType,
        Accept: request.accept,
        Body: Buffer.from(request.body, 'base64'),
      }),
    );
    if (request.expected === undefined) return [];
    return compareAnswers(Buffer.from(request.expected, 'base64'), Buffer.from(Body), request);
  } catch (error) {
    if ((error as Error).name === 'ModelError') return [(error as Error).message];
    throw error;
  }
}
