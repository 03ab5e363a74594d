/** The functions that the states call. */
export const FUNCTIONS: Readonly<Record<string, string>> = {
  Prepare: 'prepare',
  Decide: 'decide',
  StartBuild: 'start-build',
  Plan: 'plan',
  CompressItem: 'compress',
  Finalize: 'finalize',
  CompressionGate: 'compression-gate',
  EvaluationGate: 'evaluation-gate',
  Register: 'register',
  Abort: 'abort',
  RemoveLeftBehind: 'left-behind',
  Serialise: 'serialise',
  Shadow: 'shadow',
  StatusShadow: 'status',
  JudgeShadow: 'judge-shadow',
  DropShadow: 'drop-shadow',
  StatusDropped: 'status',
  Release: 'release',
  Status: 'status',
  SmokeTest: 'smoke-test',
  Restore: 'restore',
  StatusRestored: 'status',
  Settle: 'settle',
  GiveUp: 'settle',
};

/** The functions that events call. */
export const TRIGGERS = [
  'release-approved',
  'run-on-new-model',
  'run-on-deploy',
  'run-on-schedule',
  'clean-up',
  'clean-up-complete',
  'compress-on-deploy',
  'compress-on-deploy-complete',
];
