import { IRole } from 'aws-cdk-lib/aws-iam';
import { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { allow, allowGuards } from './grants';
import { HandlerFunction } from './handler-function';
import { allowComponent } from './release-grants';
import { CHANGE_TIMEOUT, ReleaseFunctionsProps } from './release-functions';
import { allowLedger, endpointArns, RELEASE_NAMES_REASON } from './release-places';

/** The functions that change an endpoint's inference component, each with just the permissions of its step. */
export class ComponentFunctions extends Construct {
  public readonly release: IFunction;
  public readonly restore: IFunction;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ReleaseFunctionsProps,
  ) {
    super(scope, id);
    this.release = this.createRelease();
    this.restore = this.createRestore();
  }

  private createRelease(): IFunction {
    const { function: made, role } = this.handler('Release', 'release-component', 'Runs models on');
    this.allowChanging(role);
    allowGuards(role, this.props.hosting.guards);
    return made;
  }

  private createRestore(): IFunction {
    const { function: made, role } = this.handler('Restore', 'restore-component', 'Takes a failed model away from');
    this.allowChanging(role);
    const { endpoint, configs, models } = endpointArns(this, this.props.endpointName);
    allow(role, { actions: ['sagemaker:DescribeEndpoint'], resources: [endpoint] });
    allow(role, {
      actions: ['sagemaker:DescribeEndpointConfig', 'sagemaker:DescribeModel'],
      resources: [configs, models],
      wildcardReason: RELEASE_NAMES_REASON,
    });
    return made;
  }

  private allowChanging(role: IRole): void {
    const { endpointName, hosting, models } = this.props;
    allowComponent(this, role, endpointName, hosting);
    allowLedger(role, models, endpointName);
  }

  private handler(id: string, handler: string, what: string): HandlerFunction {
    const { endpointName, models } = this.props;
    const { logEncryptionKey } = models;
    return new HandlerFunction(this, id, {
      handler,
      description: `${what} the endpoint ${endpointName}`,
      logEncryptionKey,
      timeout: CHANGE_TIMEOUT,
    });
  }
}
