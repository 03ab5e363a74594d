import { Choice, Condition, IChainable, JsonPath, State } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { ComponentFunctions } from './component-functions';
import { Hosting } from './hosting';
import { ReleaseStates } from './release-states';

export interface ComponentStatesProps {
  readonly states: ReleaseStates;
  readonly functions: ComponentFunctions;
  readonly hosting: Hosting;
  /** Takes the endpoint itself back, and ends the release as failed. */
  readonly restoreEndpoint: IChainable;
  /** Ends the release as failed: `$.failure` has `Error` and `Cause`. */
  readonly giveUp: State;
}

/** The states of a release machine that run the model as an inference component, once the endpoint is in service. */
export class ComponentStates extends Construct {
  /** Runs the one that proved itself last, on the instances that it proved itself on. */
  public readonly restore: State;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ComponentStatesProps,
  ) {
    super(scope, id);
    this.restore = this.createRestore();
  }

  /**
   * Runs the new model.
   *
   * @param proven Where the release goes on once it is in service.
   */
  public release(proven: IChainable): IChainable {
    const { states, functions, giveUp, hosting } = this.props;
    const release = states.changing('ReleaseComponent', {
      comment: 'Makes the inference component, or moves its copies to the model.',
      function: functions.release,
      event: {
        'modelName.$': '$.release.modelName',
        'ignoreAlarms.$': '$.turn.ignoreAlarms',
        specification: hosting.specification,
      },
      resultPath: '$.component',
    });
    // The instances may have been changed for this model, and go back, too.
    release.addCatch(this.restore, { resultPath: '$.failure' });
    // What takes longer than it may is still moving: it may yet get there, and cannot be taken back before.
    const moving = new Choice(this, 'Moving', { stateName: 'Still moving?' })
      .when(Condition.stringEquals('$.status.state', 'TimedOut'), giveUp)
      .otherwise(this.restore);
    return release.next(
      states.waiting({
        suffix: 'Component',
        question: 'Component in service?',
        place: '$.component',
        field: 'modelName',
        inService: proven,
        otherwise: states.notInService('ComponentNotReleased').next(moving),
        failed: this.restore,
      }),
    );
  }

  private createRestore(): State {
    const { states, functions, hosting, restoreEndpoint, giveUp } = this.props;
    const restore = states.changing('RestoreComponent', {
      comment: 'Back to the model that proved itself last; away where there is none.',
      function: functions.restore,
      event: { specification: hosting.specification },
      resultPath: '$.restoredComponent',
    });
    restore.addCatch(giveUp, { resultPath: '$.failure' });
    const stays = states.failure(
      'ComponentNotRestored',
      'RestoreFailed',
      JsonPath.format(
        'The release failed, and the way back failed, too: {} The release: {}',
        JsonPath.stringAt('$.status.reason'),
        JsonPath.stringAt('$.failure.Cause'),
      ),
    );
    restore.next(
      new Choice(this, 'Removed', { stateName: 'Any component to wait for?' })
        .when(
          Condition.isPresent('$.restoredComponent.modelName'),
          states.waiting({
            suffix: 'RestoredComponent',
            question: 'Component back in service?',
            place: '$.restoredComponent',
            field: 'modelName',
            inService: restoreEndpoint,
            otherwise: stays.next(giveUp),
            failed: giveUp,
          }),
        )
        .otherwise(restoreEndpoint),
    );
    return restore;
  }
}
