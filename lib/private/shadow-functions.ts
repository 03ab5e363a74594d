import { Duration } from 'aws-cdk-lib';
import { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { allow } from './grants';
import { HandlerFunction } from './handler-function';
import { allowMaking, allowMoving } from './release-grants';
import { CHANGE_TIMEOUT, ReleaseFunctionsProps } from './release-functions';
import { allowLedger } from './release-places';

/** The functions that try a new model in the shadow of the one that serves, each with just the permissions of its step. */
export class ShadowFunctions extends Construct {
  public readonly shadow: IFunction;
  public readonly judge: IFunction;
  public readonly drop: IFunction;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ReleaseFunctionsProps,
  ) {
    super(scope, id);
    this.shadow = this.createShadow();
    this.judge = this.createJudge();
    this.drop = this.createDrop();
  }

  private createShadow(): IFunction {
    const { endpointName, hosting, models } = this.props;
    const { function: made, role } = this.handler('Start', 'shadow', 'Puts a model into the shadow of', CHANGE_TIMEOUT);
    allowMaking(this, role, endpointName, hosting);
    allowMoving(this, role, endpointName, hosting);
    allowLedger(role, models, endpointName);
    return made;
  }

  private createJudge(): IFunction {
    const { function: made, role } = this.handler(
      'Judge',
      'judge-shadow',
      'Judges a model in the shadow of',
      Duration.minutes(1),
    );
    allow(role, {
      actions: ['cloudwatch:GetMetricData'],
      resources: ['*'],
      wildcardReason:
        'Reading metrics takes no resource and no namespace; the function asks for those of its endpoint.',
    });
    return made;
  }

  private createDrop(): IFunction {
    const { endpointName, hosting, models } = this.props;
    const { function: made, role } = this.handler('Drop', 'drop-shadow', 'Takes the shadow away from', CHANGE_TIMEOUT);
    allowMoving(this, role, endpointName, hosting);
    allowLedger(role, models, endpointName);
    return made;
  }

  private handler(id: string, handler: string, what: string, timeout: Duration): HandlerFunction {
    const { endpointName, models } = this.props;
    const { logEncryptionKey } = models;
    return new HandlerFunction(this, id, {
      handler,
      description: `${what} ${endpointName}`,
      logEncryptionKey,
      timeout,
    });
  }
}
