import { Duration } from 'aws-cdk-lib';
import {
  Chain,
  Choice,
  Condition,
  Fail,
  IChainable,
  JsonPath,
  State,
  StateMachine,
  Succeed,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { IModelBucket } from '../model-bucket';
import { asyncPlaces } from './async-places';
import { ComponentFunctions } from './component-functions';
import { ComponentStates } from './component-states';
import { FunctionTask } from './function-task';
import { Hosting } from './hosting';
import { createMachine } from './machine';
import { COMPRESSED } from './prefixes';
import { CHANGE_TIMEOUT, ReleaseFunctions } from './release-functions';
import { ReleaseStates } from './release-states';
import { ShadowFunctions } from './shadow-functions';
import { ShadowStates } from './shadow-states';

export interface ReleaseMachineProps {
  readonly endpointName: string;
  readonly modelName: string;
  readonly models: IModelBucket;
  readonly hosting: Hosting;
  readonly statusInterval: Duration;
}

/**
 * Puts an artifact behind the endpoint, one release at a time, waits until it serves, and asks it what it must know.
 * Input: `{ build }` or `{ artifact }`, a finished build by its name or address; releasing an older one is a rollback.
 * With both, as builds start it, the release gives way to a newer build that is released already.
 */
export class ReleaseMachine extends Construct {
  public readonly machine: StateMachine;
  private readonly functions: ReleaseFunctions;
  private readonly states: ReleaseStates;
  /** Where every failure goes: `$.failure` has `Error` and `Cause`. */
  private readonly giveUp: FunctionTask;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ReleaseMachineProps,
  ) {
    super(scope, id);
    this.functions = new ReleaseFunctions(this, 'Functions', props);
    this.states = new ReleaseStates(this, { ...props, status: this.functions.status });
    this.giveUp = this.createGiveUp();
    const settle = this.createSettle();
    const component = this.createComponent();
    const proven = props.hosting.golden === undefined ? settle : this.createSmokeTest(settle, component?.restore);
    const release = this.createRelease().next(
      this.states.waiting({
        suffix: '',
        question: 'In service?',
        place: '$.release',
        inService: component?.release(proven) ?? proven,
        otherwise: this.states.notInService('NotReleased').next(this.giveUp),
        failed: this.giveUp,
      }),
    );
    const turn = new Choice(this, 'Turn', { stateName: 'Newest?' })
      .when(
        Condition.stringEquals('$.turn.decision', 'Superseded'),
        new Succeed(this, 'Superseded', {
          stateName: 'Superseded',
          comment: 'A newer build is released already; nothing is done.',
        }),
      )
      .otherwise(this.createShadow(release));
    this.machine = createMachine(this, 'Machine', {
      start: this.createSerialise().next(turn),
      comment: `Releases artifacts to the endpoint ${props.endpointName}`,
      timeout: Duration.days(2),
      logEncryptionKey: props.models.logEncryptionKey,
    });
    this.functions.allowExecutionsOf(this.machine);
  }

  private createSerialise(): FunctionTask {
    const { models, modelName } = this.props;
    const task = this.states.task('Serialise', {
      comment: 'Finds the artifact, and waits until no other release is under way.',
      function: this.functions.serialise,
      event: {
        'input.$': '$',
        artifacts: `s3://${models.bucket.bucketName}/${COMPRESSED}/${modelName}/`,
        lingerSeconds: CHANGE_TIMEOUT.toSeconds(),
      },
      resultPath: '$.turn',
    });
    // A guarded update may take eight hours, and several may be waiting.
    this.states.retryWhile(task, 'ReleaseQueued', Duration.minutes(2), 1400);
    return this.finish(task.retried());
  }

  private createRelease(): FunctionTask {
    const task = this.states.changing('Release', {
      comment: 'Creates model and config, then creates or updates the endpoint.',
      function: this.functions.release,
      event: {
        'artifact.$': '$.turn.artifact',
        'ignoreAlarms.$': '$.turn.ignoreAlarms',
        specification: this.props.hosting.specification,
      },
      resultPath: '$.release',
    });
    return this.finish(task);
  }

  /** Where the endpoint tries models in the shadow first, the states that do, before the release itself. */
  private createShadow(release: Chain): IChainable {
    const { hosting } = this.props;
    if (hosting.shadow === undefined) return release;
    const { start } = new ShadowStates(this, 'Shadow', {
      states: this.states,
      functions: new ShadowFunctions(this.functions, 'Shadow', this.props),
      hosting,
      shadow: hosting.shadow,
      release,
      giveUp: this.giveUp,
    });
    return start;
  }

  /** Where an inference component runs the model, the states that do. */
  private createComponent(): ComponentStates | undefined {
    const { hosting } = this.props;
    if (hosting.componentName === undefined) return undefined;
    return new ComponentStates(this, 'Component', {
      states: this.states,
      functions: new ComponentFunctions(this.functions, 'Component', this.props),
      hosting,
      restoreEndpoint: this.createRestore(),
      giveUp: this.giveUp,
    });
  }

  private createSmokeTest(next: IChainable, restoreFirst?: State): IChainable {
    const { endpointName, models } = this.props;
    const { golden, isAsync } = this.props.hosting;
    const test = this.states
      .task('SmokeTest', {
        comment: 'Asks the endpoint what it must know.',
        function: this.functions.smokeTest!,
        event: {
          golden: { bucket: golden!.s3BucketName, key: golden!.s3ObjectKey },
          ...(isAsync ? { requests: `s3://${models.bucket.bucketName}/${asyncPlaces(endpointName).requests}` } : {}),
        },
        resultPath: '$.smokeTest',
      })
      .retried();
    const failed = this.states.failure('WrongAnswers', 'SmokeTestFailed', JsonPath.stringAt('$.smokeTest.reason'));
    const restore = restoreFirst ?? this.createRestore();
    failed.next(restore);
    // What could not be tested has not proved itself either.
    test.addCatch(restore, { resultPath: '$.failure' });
    const decide = new Choice(this, 'Judge', { stateName: 'Right answers?' })
      .when(Condition.stringEquals('$.smokeTest.state', 'Passed'), next)
      .otherwise(failed);
    return test.next(decide);
  }

  private createRestore(): State {
    const task = this.states.changing('Restore', {
      comment: 'Back to the release that proved itself last; away where there is none.',
      function: this.functions.restore!,
      event: {},
      resultPath: '$.restore',
    });
    const notRestored = this.states.failure(
      'NotRestored',
      'RestoreFailed',
      JsonPath.format(
        this.props.hosting.componentName === undefined
          ? 'The smoke test failed, and the way back failed, too: {} The test: {}'
          : 'The release failed, and the way back failed, too: {} The release: {}',
        JsonPath.stringAt('$.status.reason'),
        JsonPath.stringAt('$.failure.Cause'),
      ),
    );
    const waiting = this.states.waiting({
      suffix: 'Restored',
      question: 'Back in service?',
      place: '$.restore',
      inService: this.giveUp,
      otherwise: notRestored.next(this.giveUp),
      failed: this.giveUp,
    });
    const removed = new Choice(this, 'Removed', { stateName: 'Anything to go back to?' })
      .when(Condition.isPresent('$.restore.endpointConfigName'), waiting)
      .otherwise(this.giveUp);
    this.finish(task).next(removed);
    return task;
  }

  private createSettle(): Chain {
    return this.finish(
      this.states
        .task('Settle', {
          comment: 'Notes what serves now, tidies older releases away, and lets the next one go on.',
          function: this.functions.settle,
          event: {
            released: {
              'endpointConfigName.$': '$.release.endpointConfigName',
              'artifact.$': '$.turn.artifact',
              'begun.$': '$.turn.begun',
              ...(this.props.hosting.componentName === undefined ? {} : { 'component.$': '$.component.specification' }),
            },
            keepReleases: this.props.hosting.keepReleases,
          },
          resultPath: JsonPath.DISCARD,
        })
        .retried(),
    ).next(new Succeed(this, 'Released', { stateName: 'Released' }));
  }

  private createGiveUp(): FunctionTask {
    const task = this.states
      .task('GiveUp', {
        comment: 'Lets the next release go on.',
        function: this.functions.settle,
        event: this.props.hosting.shadow === undefined ? {} : { shadowsOnly: true },
        resultPath: JsonPath.DISCARD,
      })
      .retried();
    const failed = new Fail(this, 'ReleaseFailed', {
      stateName: 'ReleaseFailed',
      comment: 'Fails with what became of the release, and why.',
      errorPath: '$.failure.Error',
      causePath: '$.failure.Cause',
    });
    // The turn of an execution that has ended is free anyway.
    task.addCatch(failed, { resultPath: JsonPath.DISCARD });
    task.next(failed);
    return task;
  }

  /** Sends what a state throws for good to where failures go. */
  private finish(task: FunctionTask): FunctionTask {
    task.addCatch(this.giveUp, { resultPath: '$.failure' });
    return task;
  }
}
