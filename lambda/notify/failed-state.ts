import { GetExecutionHistoryCommand, HistoryEvent, SFNClient } from '@aws-sdk/client-sfn';

/** The end of a history: what comes after the failure is a clean-up of a few states. */
const EVENTS = 200;

/** Name of the state that made an execution fail, as far as the end of its history tells. */
export async function failedState(
  client: SFNClient,
  executionArn: string,
  error: string | undefined,
): Promise<string | undefined> {
  const { events = [] } = await client.send(
    new GetExecutionHistoryCommand({
      executionArn,
      reverseOrder: true,
      includeExecutionData: false,
      maxResults: EVENTS,
    }),
  );
  return findFailedState(events, error);
}

/** A machine may catch an error and clean up, so the state with that error comes before the one that ended last. */
export function findFailedState(newestFirst: readonly HistoryEvent[], error: string | undefined): string | undefined {
  const failure = newestFirst.findIndex((event) => error !== undefined && errorOf(event) === error);
  const from = failure === -1 ? newestFirst : newestFirst.slice(failure);
  return from.find((event) => event.stateEnteredEventDetails)?.stateEnteredEventDetails?.name;
}

function errorOf(event: HistoryEvent): string | undefined {
  const details =
    event.taskFailedEventDetails ??
    event.taskTimedOutEventDetails ??
    event.lambdaFunctionFailedEventDetails ??
    event.lambdaFunctionTimedOutEventDetails ??
    event.mapRunFailedEventDetails;
  return details?.error;
}
