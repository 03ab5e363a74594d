/** What kind of thing happened; subscriptions can filter by it. */
export type Kind = 'failed' | 'gated' | 'rolled-back' | 'stopped' | 'waiting-for-approval';

const GATED = ['GateFailed', 'ShadowTestFailed'];
const ROLLED_BACK = ['RolledBack', 'RollbackFailed', 'SmokeTestFailed', 'RestoreFailed'];

/** Sorts an execution that did not succeed by its error. */
export function kindOf(status: string, error: string | undefined): Kind {
  if (status === 'ABORTED') return 'stopped';
  if (error === undefined) return 'failed';
  if (GATED.includes(error)) return 'gated';
  return ROLLED_BACK.includes(error) ? 'rolled-back' : 'failed';
}

/** What to do, by the error's name. */
const ADVICE: Readonly<Record<string, string>> = {
  GateFailed:
    'Nothing was released. Change the training, the recipe or the limits and build again. If you judge the model good in spite of the numbers, start the release machine with its artifact.',
  RolledBack: 'The model before keeps serving. Look at the reason, mend it, and build or release again.',
  RollbackFailed:
    'Old and new instances are mixed. Look at the endpoint at once; delete it and release an artifact that is known to be good.',
  SmokeTestFailed:
    'The release before serves again. Look at the numbers, mend the model or the golden requests, and build or release again.',
  ShadowTestFailed:
    'Nothing was released; the model before serves as it did. Look at the numbers, mend the model, or change the limits, and build or release again. If you judge the model good in spite of them, start the release machine with {"build":"…","ignoreAlarms":true}.',
  ShadowStays:
    'The model before serves, and a shadow beside it costs as much. The next release takes it away; look at the endpoint if that fails, too.',
  RestoreFailed:
    'A model that answers wrongly may still serve. Look at the endpoint at once; release a build that is known to be good.',
  TimedOut: 'The endpoint may still get there. Look at it; if it does not, contact AWS support, and release again.',
  ReleaseQueued: 'Another release has been under way for a day. Look at it, stop it if it hangs, and release again.',
  TurnLost: 'Another release has taken over. Start a new release if this one is still wanted.',
  EndpointBroken:
    'Look at the endpoint and at the cause. If nothing else is said there, delete the endpoint and release an artifact that is known to be good.',
  EndpointBusy: 'Somebody else has been changing the endpoint for hours. Release the artifact again when that is over.',
  NoArtifact: 'Release an artifact that a build has finished: a prefix with manifest.json in it.',
  NoSource: 'Start the build with {"source":"s3://bucket/prefix/"}, the address of a trained model.',
  InvalidModel: 'Mend the model, or the training that wrote it, and build again.',
  InvalidRecipe: 'Change the recipe and deploy; that starts a build, too.',
  InvalidMetrics: 'Mend the evaluation, so that it writes the metrics that the limits name, and build again.',
  'SageMaker.ResourceLimitExceededException':
    'The account has no such instances left. Ask for a higher quota in Service Quotas, or choose another instance type.',
  'States.TaskFailed': 'A job of SageMaker failed. Read its log in CloudWatch Logs, mend the script, and build again.',
  'States.ExceedToleratedFailureThreshold':
    'Workers failed for good. The map run that the execution links to shows why; mend it and build again.',
};

const FAILED = 'Look at the execution. If the cause is gone, redrive it, or start it again.';
const STOPPED = 'Somebody stopped the execution. Start it again if that was a mistake.';

/** One or two sentences on what to do now. */
export function adviceFor(kind: Kind, error: string | undefined): string {
  if (kind === 'stopped') return STOPPED;
  return (error === undefined ? undefined : ADVICE[error]) ?? FAILED;
}
