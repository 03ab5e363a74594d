/** The strongest thing that actions do; what only looks is left to the table of permissions. */
export function verbOf(actions: readonly string[]): string | undefined {
  const does = (pattern: RegExp): boolean => actions.some((action) => pattern.test(action));
  if (does(/^kms:|^iam:|^events:|^ecr:|^lambda:Get/)) return does(/^lambda:Invoke/) ? 'calls' : undefined;
  if (does(/^lambda:InvokeFunction/)) return 'calls';
  if (does(/^states:StartExecution/)) return 'starts';
  if (does(/^codebuild:StartBuild/)) return 'starts';
  if (does(/^states:StopExecution/)) return 'stops';
  if (does(/^sns:Publish/)) return 'tells';
  if (does(/^sagemaker:InvokeEndpoint/)) return 'asks';
  if (does(/^sagemaker:(Create|Update)/)) return 'makes';
  if (does(/^sagemaker:Delete/)) return 'deletes';
  if (does(/^s3:(Put|Abort)/)) return does(/^s3:Get(Object|\*)/) ? 'reads, writes' : 'writes';
  if (does(/^s3:Delete/)) return 'deletes';
  if (does(/^s3:(Get|List)/)) return 'reads';
  return undefined;
}
