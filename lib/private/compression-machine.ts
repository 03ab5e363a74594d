import { Duration } from 'aws-cdk-lib';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { Choice, Condition, Fail, JsonPath, Pass, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { CompressionStates, CompressionStatesOptions } from '../compression-states';
import { FunctionTask } from './function-task';
import { HandlerFunction } from './handler-function';
import { createMachine } from './machine';

export interface CompressionMachineProps {
  readonly modelName: string;
  /** Makes the states that compress. */
  readonly createStates: (options: CompressionStatesOptions) => CompressionStates;
  readonly logEncryptionKey?: IKey;
}

/**
 * Compresses, and nothing else. Input: `{ source, build? }`, the S3 address of a model and the name of the build, which
 * is made from the execution's name otherwise. Output: `{ artifact, build }`.
 */
export class CompressionMachine extends Construct {
  public readonly machine: StateMachine;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: CompressionMachineProps,
  ) {
    super(scope, id);
    const states = props
      .createStates({
        buildPath: '$.prepared.build',
        sourcePath: '$.prepared.source',
        provenance: { model: props.modelName, 'build.$': '$.prepared.build', 'source.$': '$.prepared.source' },
      })
      .next(
        new Pass(this, 'Result', {
          stateName: 'Result',
          parameters: {
            artifact: JsonPath.stringAt('$.plan.artifact'),
            build: JsonPath.stringAt('$.prepared.build'),
          },
        }),
      );
    const given = new Pass(this, 'BuildGiven', {
      stateName: 'BuildGiven',
      parameters: { build: JsonPath.stringAt('$.build'), source: JsonPath.stringAt('$.source') },
      resultPath: '$.prepared',
    });
    const missing = new Fail(this, 'NoSource', {
      stateName: 'NoSource',
      error: 'NoSource',
      cause: 'There is no model to compress. Start the machine with an input such as {"source":"s3://bucket/prefix/"}.',
    });
    this.machine = createMachine(this, 'Machine', {
      start: new Choice(this, 'Build', { stateName: 'Build given?' })
        .when(Condition.and(Condition.isPresent('$.build'), Condition.isPresent('$.source')), given.next(states))
        .otherwise(
          this.createPrepare().next(
            new Choice(this, 'Source', { stateName: 'Source given?' })
              .when(Condition.isPresent('$.prepared.source'), states)
              .otherwise(missing),
          ),
        ),
      comment: `Compresses the model ${props.modelName}`,
      logEncryptionKey: props.logEncryptionKey,
    });
  }

  private createPrepare(): FunctionTask {
    const { modelName, logEncryptionKey } = this.props;
    const handler = new HandlerFunction(this, 'Prepare', {
      handler: 'prepare',
      description: `Names builds of the model ${modelName} and checks their input`,
      timeout: Duration.seconds(30),
      logEncryptionKey,
    });
    return new FunctionTask(this, 'PrepareState', {
      stateName: 'Prepare',
      comment: 'Names the build after the execution.',
      function: handler.function,
      event: {
        'executionName.$': '$$.Execution.Name',
        'startTime.$': '$$.Execution.StartTime',
        model: modelName,
        'input.$': '$',
      },
      resultPath: '$.prepared',
    }).retried();
  }
}
