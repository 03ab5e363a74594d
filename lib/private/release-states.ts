import { Duration } from 'aws-cdk-lib';
import {
  Chain,
  Choice,
  Condition,
  Errors,
  IChainable,
  JitterType,
  JsonPath,
  Pass,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { IModelBucket } from '../model-bucket';
import { FunctionTask, FunctionTaskProps } from './function-task';
import { Hosting } from './hosting';
import { ledgerPlace } from './release-places';

export interface ReleaseStatesProps {
  readonly endpointName: string;
  readonly models: IModelBucket;
  readonly hosting: Hosting;
  readonly statusInterval: Duration;
  /** Tells whether the endpoint is in service on a config. */
  readonly status: IFunction;
}

export interface WaitingProps {
  /** Tells the states of one waiting from another's. */
  readonly suffix: string;
  /** Name of the choice that ends it. */
  readonly question: string;
  /** Where the name of what was asked for is: `<place>.<field>`, asked for at `<place>.since`. */
  readonly place: string;
  /** The name of a config, for the endpoint, or of a model, for its inference component. @default 'endpointConfigName' */
  readonly field?: 'endpointConfigName' | 'modelName';
  readonly inService: IChainable;
  /** `$.status` has `state` and `reason`. */
  readonly otherwise: IChainable;
  /** Where what the states throw for good goes. */
  readonly failed: IChainable;
}

/** The kinds of states that a release machine is made of. */
export class ReleaseStates {
  constructor(
    private readonly scope: Construct,
    private readonly props: ReleaseStatesProps,
  ) {}

  /** Calls a function with what every event of the machine has, and its own. */
  public task(
    stateName: string,
    props: Pick<FunctionTaskProps, 'comment' | 'function' | 'event' | 'resultPath'>,
  ): FunctionTask {
    const { endpointName, hosting, models } = this.props;
    return new FunctionTask(this.scope, `${stateName}State`, {
      ...props,
      stateName,
      event: {
        'execution.$': '$$.Execution.Id',
        endpointName,
        ledger: ledgerPlace(models, endpointName),
        ...(hosting.scaling === undefined ? {} : { scaling: hosting.scaling }),
        ...(hosting.componentName === undefined ? {} : { inferenceComponent: true }),
        ...props.event,
      },
    });
  }

  /** Calls a function that changes the endpoint, as soon as nobody else does. */
  public changing(
    stateName: string,
    props: Pick<FunctionTaskProps, 'comment' | 'function' | 'event' | 'resultPath'>,
  ): FunctionTask {
    const task = this.task(stateName, props);
    this.retryWhile(task, 'EndpointBusy', Duration.minutes(5), 150);
    return task.retried();
  }

  /** Looks at the endpoint, or its component, again and again until it is in service as asked for, or will not be. */
  public waiting({
    suffix,
    question,
    place,
    field = 'endpointConfigName',
    inService,
    otherwise,
    failed,
  }: WaitingProps): Chain {
    const wait = new Wait(this.scope, `Wait${suffix}`, {
      stateName: `Wait${suffix}`,
      time: WaitTime.duration(this.props.statusInterval),
    });
    const status = this.task(`Status${suffix}`, {
      comment:
        'In service counts only on the config that was asked for: an endpoint that rolled back is in service, too.',
      function: this.props.status,
      event: {
        [`${field}.$`]: `${place}.${field}`,
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
    status.addCatch(failed, { resultPath: '$.failure' });
    const decide = new Choice(this.scope, `Decide${suffix}`, { stateName: question })
      .when(Condition.stringEquals('$.status.state', 'InProgress'), wait)
      .when(Condition.stringEquals('$.status.state', 'InService'), inService)
      .otherwise(otherwise);
    return wait.next(status).next(decide);
  }

  /** Notes a failure that no state has thrown. */
  public failure(id: string, error: string, cause: string): Pass {
    return new Pass(this.scope, id, {
      stateName: id,
      parameters: { Error: error, Cause: cause },
      resultPath: '$.failure',
    });
  }

  /** Notes what an endpoint came to that is not in service on the config that was asked for. */
  public notInService(id: string): Pass {
    return this.failure(id, JsonPath.stringAt('$.status.state'), JsonPath.stringAt('$.status.reason'));
  }

  public retryWhile(task: FunctionTask, error: string, maxDelay: Duration, maxAttempts: number): void {
    task.addRetry({
      errors: [error],
      interval: Duration.seconds(15),
      maxDelay,
      backoffRate: 1.5,
      maxAttempts,
      jitterStrategy: JitterType.FULL,
    });
  }
}
