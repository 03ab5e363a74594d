import { Choice, Condition, IChainable, JsonPath, State, Wait, WaitTime } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { Hosting } from './hosting';
import { Shadow } from './render-shadow';
import { ReleaseStates } from './release-states';
import { ShadowFunctions } from './shadow-functions';

export interface ShadowStatesProps {
  readonly states: ReleaseStates;
  readonly functions: ShadowFunctions;
  readonly hosting: Hosting;
  readonly shadow: Shadow;
  /** Where a model goes on that kept its limits, or that there is nothing to compare with. */
  readonly release: IChainable;
  /** Where every failure goes once the shadow is gone: `$.failure` has `Error` and `Cause`. */
  readonly giveUp: State;
}

/**
 * The states of a release machine that try the new model in the shadow of the one that serves. Whatever comes of it, the
 * shadow is taken away before anything else is done.
 */
export class ShadowStates extends Construct {
  public readonly start: IChainable;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ShadowStatesProps,
  ) {
    super(scope, id);
    const { states, functions, shadow, hosting, release, giveUp } = props;
    const drop = this.createDrop();
    const observe = new Wait(this, 'Observe', {
      stateName: 'Observe',
      comment: 'The new model gets copies of the requests.',
      time: WaitTime.duration(shadow.duration),
    });
    observe.next(this.createJudgement(drop));
    const start = states.changing('Shadow', {
      comment: 'Puts the new model into the shadow of the one that serves.',
      function: functions.shadow,
      event: {
        'artifact.$': '$.turn.artifact',
        'ignoreAlarms.$': '$.turn.ignoreAlarms',
        specification: hosting.specification,
        shadow: shadow.specification,
      },
      resultPath: '$.shadow',
    });
    start.addCatch(giveUp, { resultPath: '$.failure' });
    const anything = new Choice(this, 'Started', { stateName: 'Anything to compare with?' })
      .when(Condition.stringEquals('$.shadow.state', 'Skipped'), release)
      .otherwise(
        states.waiting({
          suffix: 'Shadow',
          question: 'Shadow in service?',
          place: '$.shadow',
          inService: observe,
          otherwise: states.notInService('ShadowNotStarted').next(drop),
          failed: drop,
        }),
      );
    this.start = start.next(anything);
  }

  private createJudgement(drop: State): State {
    const { states, functions, hosting, shadow } = this.props;
    const judge = states
      .task('JudgeShadow', {
        comment: 'Compares its errors and its latency with those of the model that serves.',
        function: functions.judge,
        event: {
          variantName: hosting.specification.variantName,
          'from.$': '$.status.time',
          limits: shadow.specification.limits,
        },
        resultPath: '$.shadowTest',
      })
      .retried();
    // What could not be judged has not proved itself either.
    judge.addCatch(drop, { resultPath: '$.failure' });
    const refused = states.failure('ShadowRefused', 'ShadowTestFailed', JsonPath.stringAt('$.shadowTest.reason'));
    judge.next(
      new Choice(this, 'Judged', { stateName: 'Good in the shadow?' })
        .when(Condition.stringEquals('$.shadowTest.state', 'Passed'), drop)
        .otherwise(refused.next(drop)),
    );
    return judge;
  }

  private createDrop(): State {
    const { states, functions, release, giveUp } = this.props;
    const drop = states.changing('DropShadow', {
      comment: 'Back to the release that proved itself last, alone.',
      function: functions.drop,
      event: {},
      resultPath: '$.drop',
    });
    drop.addCatch(giveUp, { resultPath: '$.failure' });
    const goOn = new Choice(this, 'GoOn', { stateName: 'Worth releasing?' })
      .when(Condition.isPresent('$.failure'), giveUp)
      .otherwise(release);
    const stays = states.failure(
      'ShadowNotDropped',
      'ShadowStays',
      JsonPath.format('The shadow could not be taken away: {}', JsonPath.stringAt('$.status.reason')),
    );
    const dropped = new Choice(this, 'Dropped', { stateName: 'Anything to wait for?' })
      .when(
        Condition.isPresent('$.drop.endpointConfigName'),
        states.waiting({
          suffix: 'Dropped',
          question: 'Alone in service?',
          place: '$.drop',
          inService: goOn,
          otherwise: stays.next(giveUp),
          failed: giveUp,
        }),
      )
      .otherwise(goOn);
    drop.next(dropped);
    return drop;
  }
}
