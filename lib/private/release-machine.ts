import { Duration } from 'aws-cdk-lib';
import {
  Chain,
  Choice,
  Condition,
  Errors,
  Fail,
  IChainable,
  JitterType,
  JsonPath,
  Pass,
  State,
  StateMachine,
  Succeed,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { IModelBucket } from '../model-bucket';
import { asyncPlaces } from './async-places';
import { FunctionTask } from './function-task';
import { Hosting } from './hosting';
import { createMachine } from './machine';
import { COMPRESSED } from './prefixes';
import { CHANGE_TIMEOUT, ReleaseFunctions } from './release-functions';
import { ledgerPlace } from './release-places';

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
  /** Where every failure goes: `$.failure` has `Error` and `Cause`. */
  private readonly giveUp: FunctionTask;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ReleaseMachineProps,
  ) {
    super(scope, id);
    this.functions = new ReleaseFunctions(this, 'Functions', props);
    this.giveUp = this.createGiveUp();
    const settle = this.createSettle();
    const proven = props.hosting.golden === undefined ? settle : this.createSmokeTest(settle);
    const release = this.createRelease().next(this.createWaiting('', '$.release', proven));
    const turn = new Choice(this, 'Turn', { stateName: 'Newest?' })
      .when(
        Condition.stringEquals('$.turn.decision', 'Superseded'),
        new Succeed(this, 'Superseded', {
          stateName: 'Superseded',
          comment: 'A newer build is released already; nothing is done.',
        }),
      )
      .otherwise(release);
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
    const task = this.task('Serialise', {
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
    this.retryWhile(task, 'ReleaseQueued', Duration.minutes(2), 1400);
    return this.finish(task.retried());
  }

  private createRelease(): FunctionTask {
    const task = this.task('Release', {
      comment: 'Creates model and config, then creates or updates the endpoint.',
      function: this.functions.release,
      event: {
        'artifact.$': '$.turn.artifact',
        'ignoreAlarms.$': '$.turn.ignoreAlarms',
        specification: this.props.hosting.specification,
      },
      resultPath: '$.release',
    });
    this.retryWhile(task, 'EndpointBusy', Duration.minutes(5), 150);
    return this.finish(task.retried());
  }

  /**
   * Looks at the endpoint again and again until it is in service on the config at `<place>.endpointConfigName`.
   *
   * @param suffix Tells the states of a second waiting from the first's.
   */
  private createWaiting(suffix: string, place: string, next: IChainable): Chain {
    const wait = new Wait(this, `Wait${suffix}`, {
      stateName: `Wait${suffix}`,
      time: WaitTime.duration(this.props.statusInterval),
    });
    const status = this.task(`Status${suffix}`, {
      comment:
        'In service counts only on the config that was asked for: an endpoint that rolled back is in service, too.',
      function: this.functions.status,
      event: {
        'endpointConfigName.$': `${place}.endpointConfigName`,
        'since.$': `${place}.since`,
        timeoutSeconds: this.props.hosting.releaseTimeout.toSeconds(),
      },
      resultPath: '$.status',
    });
    // A release goes on while nobody can see it; giving up early would report a failure that did not happen.
    status.addRetry({
      errors: [Errors.ALL],
      interval: Duration.seconds(10),
      maxDelay: Duration.minutes(2),
      maxAttempts: 30,
    });
    const decide = new Choice(this, `Decide${suffix}`, {
      stateName: suffix === '' ? 'In service?' : 'Back in service?',
    })
      .when(Condition.stringEquals('$.status.state', 'InProgress'), wait)
      .when(Condition.stringEquals('$.status.state', 'InService'), next)
      .otherwise(
        suffix === ''
          ? this.failure('NotReleased', JsonPath.stringAt('$.status.state'), JsonPath.stringAt('$.status.reason'))
          : this.failure(
              'NotRestored',
              'RestoreFailed',
              JsonPath.format(
                'The smoke test failed, and the way back failed, too: {} The test: {}',
                JsonPath.stringAt('$.status.reason'),
                JsonPath.stringAt('$.failure.Cause'),
              ),
            ),
      );
    return wait.next(this.finish(status)).next(decide);
  }

  private createSmokeTest(next: IChainable): IChainable {
    const { endpointName, models } = this.props;
    const { golden, isAsync } = this.props.hosting;
    const test = this.task('SmokeTest', {
      comment: 'Asks the endpoint what it must know.',
      function: this.functions.smokeTest!,
      event: {
        golden: { bucket: golden!.s3BucketName, key: golden!.s3ObjectKey },
        ...(isAsync ? { requests: `s3://${models.bucket.bucketName}/${asyncPlaces(endpointName).requests}` } : {}),
      },
      resultPath: '$.smokeTest',
    }).retried();
    const failed = this.failure('WrongAnswers', 'SmokeTestFailed', JsonPath.stringAt('$.smokeTest.reason'), false);
    const restore = this.createRestore();
    failed.next(restore);
    // What could not be tested has not proved itself either.
    test.addCatch(restore, { resultPath: '$.failure' });
    const decide = new Choice(this, 'Judge', { stateName: 'Right answers?' })
      .when(Condition.stringEquals('$.smokeTest.state', 'Passed'), next)
      .otherwise(failed);
    return test.next(decide);
  }

  private createRestore(): State {
    const task = this.task('Restore', {
      comment: 'Back to the release that proved itself last; away where there is none.',
      function: this.functions.restore!,
      event: {},
      resultPath: '$.restore',
    });
    this.retryWhile(task, 'EndpointBusy', Duration.minutes(5), 150);
    const removed = new Choice(this, 'Removed', { stateName: 'Anything to go back to?' })
      .when(
        Condition.isPresent('$.restore.endpointConfigName'),
        this.createWaiting('Restored', '$.restore', this.giveUp),
      )
      .otherwise(this.giveUp);
    this.finish(task.retried()).next(removed);
    return task;
  }

  private createSettle(): Chain {
    return this.finish(
      this.task('Settle', {
        comment: 'Notes what serves now, tidies older releases away, and lets the next one go on.',
        function: this.functions.settle,
        event: {
          released: {
            'endpointConfigName.$': '$.release.endpointConfigName',
            'artifact.$': '$.turn.artifact',
            'begun.$': '$.turn.begun',
          },
          keepReleases: this.props.hosting.keepReleases,
        },
        resultPath: JsonPath.DISCARD,
      }).retried(),
    ).next(new Succeed(this, 'Released', { stateName: 'Released' }));
  }

  private createGiveUp(): FunctionTask {
    const task = this.task('GiveUp', {
      comment: 'Lets the next release go on.',
      function: this.functions.settle,
      event: {},
      resultPath: JsonPath.DISCARD,
    }).retried();
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

  /** Notes a failure that no state has thrown, and gives up unless told otherwise. */
  private failure(id: string, error: string, cause: string, givesUp = true): Pass {
    const pass = new Pass(this, id, {
      stateName: id,
      parameters: { Error: error, Cause: cause },
      resultPath: '$.failure',
    });
    if (givesUp) pass.next(this.giveUp);
    return pass;
  }

  private task(
    stateName: string,
    props: Pick<ConstructorParameters<typeof FunctionTask>[2], 'comment' | 'function' | 'event' | 'resultPath'>,
  ): FunctionTask {
    const { endpointName, hosting, models } = this.props;
    return new FunctionTask(this, `${stateName}State`, {
      ...props,
      stateName,
      event: {
        'execution.$': '$$.Execution.Id',
        endpointName,
        ledger: ledgerPlace(models, endpointName),
        ...(hosting.scaling === undefined ? {} : { scaling: hosting.scaling }),
        ...props.event,
      },
    });
  }

  private retryWhile(task: FunctionTask, error: string, maxDelay: Duration, maxAttempts: number): void {
    task.addRetry({
      errors: [error],
      interval: Duration.seconds(15),
      maxDelay,
      backoffRate: 1.5,
      maxAttempts,
      jitterStrategy: JitterType.FULL,
    });
  }

  /** Sends what a state throws for good to where failures go. */
  private finish(task: FunctionTask): FunctionTask {
    task.addCatch(this.giveUp, { resultPath: '$.failure' });
    return task;
  }
}
