import { IntegrationPattern, IStateMachine, JsonPath, TaskInput, TaskStateBase } from 'aws-cdk-lib/aws-stepfunctions';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { CompressionTaskOptions } from '../model-compressor';

/** Runs a compressor's machine from another one and waits for its end. */
export function createCompressionTask(
  scope: Construct,
  id: string,
  stateMachine: IStateMachine,
  options: CompressionTaskOptions = {},
): TaskStateBase {
  return new StepFunctionsStartExecution(scope, id, {
    comment: 'Compresses the model and waits for the artifact.',
    stateMachine,
    integrationPattern: IntegrationPattern.RUN_JOB,
    input: TaskInput.fromObject({ source: JsonPath.stringAt(options.sourcePath ?? '$.source') }),
    associateWithParent: true,
    resultSelector: {
      artifact: JsonPath.stringAt('$.Output.artifact'),
      build: JsonPath.stringAt('$.Output.build'),
    },
    resultPath: options.resultPath ?? '$.compression',
  });
}
