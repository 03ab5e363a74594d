/** Four random digits: a retry, or a redrive, must be another job, because the name of the failed one is taken. */
const ATTEMPT = "States.ArrayGetItem(States.StringSplit(States.UUID(), '-'), 1)";

/** A job's name for each attempt, as an expression of Step Functions: what stands at the path, and five characters more. */
export function attemptName(jobNamePath: string): string {
  return `States.Format('{}-{}', ${jobNamePath}, ${ATTEMPT})`;
}
