import { Ask } from './ask';
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
export async function runSmokeTest(ask: Ask, requests: readonly GoldenRequest[]): Promise<SmokeTestAnswer> {
  const problems: string[] = [];
  for (const request of requests) {
    const differences = await tryRequest(ask, request);
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

async function tryRequest(ask: Ask, request: GoldenRequest): Promise<string[]> {
  const { body, problem } = await ask(request);
  if (problem !== undefined) return [problem];
  if (request.expected === undefined) return [];
  return compareAnswers(Buffer.from(request.expected, 'base64'), body!, request);
}
