import { Duration, Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { CfnModelPackageGroup } from 'aws-cdk-lib/aws-sagemaker';
import { ITopic } from 'aws-cdk-lib/aws-sns';
import { IStateMachine, Pass } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { IModelBucket } from '../model-bucket';
import { ReleaseApproval } from '../release-approval';
import { FunctionTask } from './function-task';
import { allow, allowKey, allowObjects } from './grants';
import { HandlerFunction } from './handler-function';
import { Hosting } from './hosting';
import { COMPRESSED, EVALUATION } from './prefixes';
import { allowManifests } from './release-places';

export interface RegistrationProps {
  readonly modelName: string;
  /** The group has the endpoint's name: both are unique in the account and region. */
  readonly endpointName: string;
  readonly models: IModelBucket;
  readonly hosting: Hosting;
  readonly approval: ReleaseApproval;
  /** Digest of all that a model is judged by. */
  readonly gatesDigest: string;
  /** Digest of the evaluation without its limits; builds with one have `$.evaluation` and `$.evaluated`. */
  readonly evaluationDigest?: string;
}

const PACKAGES_REASON = 'Every build is a version of its own; the pattern covers only those of this group.';

/**
 * Keeps every build that passed its gates as a version in a model package group, with where it came from and how good it
 * is. CloudFormation owns the group, builds own the versions.
 */
export class Registration extends Construct {
  /** ARN pattern of the versions. */
  public readonly packages: string;
  /** Name of the group. */
  public readonly groupName: string;
  private readonly group: CfnModelPackageGroup;
  private readonly register: HandlerFunction;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RegistrationProps,
  ) {
    super(scope, id);
    const { modelName, endpointName, models, hosting } = props;
    this.group = new CfnModelPackageGroup(this, 'Group', {
      modelPackageGroupName: endpointName,
      modelPackageGroupDescription: `Builds of the model ${modelName} for the endpoint ${endpointName}`,
    });
    this.groupName = this.group.modelPackageGroupName;
    this.register = new HandlerFunction(this, 'Register', {
      handler: 'register',
      description: `Registers builds of the model ${modelName}`,
      timeout: Duration.minutes(2),
      memorySize: 1024,
      logEncryptionKey: models.logEncryptionKey,
    });
    const { role } = this.register;
    const { group, packages } = packageArns(this, endpointName);
    this.packages = packages;
    allow(role, {
      actions: ['sagemaker:CreateModelPackage'],
      resources: [group, packages],
      wildcardReason: PACKAGES_REASON,
    });
    this.allowFinding(this.register);
    allow(role, {
      actions: ['sagemaker:UpdateModelPackage'],
      resources: [packages],
      wildcardReason: PACKAGES_REASON,
    });
    allowManifests(role, models, `${COMPRESSED}/${modelName}/`);
    // SageMaker looks at image, model and metrics with the permissions of whoever registers them.
    allow(role, {
      actions: ['ecr:BatchGetImage', 'ecr:DescribeImages'],
      resources: [hosting.image.repositoryArn],
    });
    allowObjects(role, models.bucket, `${COMPRESSED}/${modelName}/`, ['s3:GetObject']);
    allowObjects(role, models.bucket, `${EVALUATION}/${modelName}/`, ['s3:GetObject'], '*/metrics.json');
    allowKey(role, models.encryptionKey, 'read');
  }

  /** The state that registers. Writes `{ modelPackageArn, approval }` to `$.registered`. */
  public toState(): FunctionTask {
    const { approval, evaluationDigest, gatesDigest, hosting, modelName } = this.props;
    const { image, environment } = hosting.specification;
    return new FunctionTask(this, 'RegisterState', {
      stateName: 'Register',
      comment: 'Makes the artifact a version in the model registry, with what it was judged by.',
      function: this.register.function,
      event: {
        group: this.groupName,
        approval,
        gatesDigest,
        model: modelName,
        image,
        environment,
        'artifact.$': '$.plan.artifact',
        'execution.$': '$$.Execution.Id',
        ...(evaluationDigest === undefined
          ? {}
          : { evaluationDigest, 'evaluation.$': '$.evaluation', 'evaluated.$': '$.evaluated' }),
      },
      resultPath: '$.registered',
    }).retried();
  }

  /** The end of a build that a person has to approve. */
  public waiting(): Pass {
    return new Pass(this, 'WaitingForApproval', {
      stateName: 'WaitingForApproval',
      comment: 'The build is done; approving its model package starts the release.',
    });
  }

  /** Starts releases of packages that are approved; what cannot be started is told to the topic. */
  public releaseApproved(scope: Construct, machine: IStateMachine, topic: ITopic): void {
    const { models, modelName } = this.props;
    const handler = new HandlerFunction(scope, 'ReleaseApproved', {
      handler: 'release-approved',
      description: `Releases builds of the model ${modelName} that were approved`,
      timeout: Duration.minutes(1),
      logEncryptionKey: models.logEncryptionKey,
      environment: { RELEASE_MACHINE_ARN: machine.stateMachineArn },
      onFailure: { bind: () => ({ destination: topic.topicArn }) },
    });
    const { packages } = this;
    allow(handler.role, {
      actions: ['sagemaker:DescribeModelPackage'],
      resources: [packages],
      wildcardReason: PACKAGES_REASON,
    });
    allow(handler.role, { actions: ['states:StartExecution'], resources: [machine.stateMachineArn] });
    allow(handler.role, { actions: ['sns:Publish'], resources: [topic.topicArn] });
    allowKey(handler.role, topic.masterKey, 'write');
    new Rule(scope, 'Approved', {
      description: `Builds of the model ${modelName} that were approved`,
      eventPattern: {
        source: ['aws.sagemaker'],
        detailType: ['SageMaker Model Package State Change'],
        detail: {
          ModelPackageGroupName: [this.groupName],
          ModelApprovalStatus: [ReleaseApproval.AUTOMATIC],
        },
      },
      targets: [new LambdaFunction(handler.function)],
    });
  }

  /** Lets the clean-up empty the group, which CloudFormation cannot delete otherwise. */
  public allowRemoval(handler: HandlerFunction): void {
    allow(handler.role, {
      actions: ['sagemaker:DeleteModelPackage'],
      resources: [this.packages],
      wildcardReason: PACKAGES_REASON,
    });
    allowListing(handler);
  }

  /** Lets a gate refuse versions that wait for approval. */
  public allowRefusing(handler: HandlerFunction): void {
    this.allowFinding(handler);
    allow(handler.role, {
      actions: ['sagemaker:UpdateModelPackage'],
      resources: [this.packages],
      wildcardReason: PACKAGES_REASON,
    });
  }

  /** Lets a function find versions and see what is noted on them. */
  public allowFinding(handler: HandlerFunction): void {
    allow(handler.role, {
      actions: ['sagemaker:DescribeModelPackage'],
      resources: [this.packages],
      wildcardReason: PACKAGES_REASON,
    });
    allowListing(handler);
  }
}

function allowListing({ role }: HandlerFunction): void {
  allow(role, {
    actions: ['sagemaker:ListModelPackages'],
    resources: ['*'],
    wildcardReason: 'Listing takes no resource; it shows names and descriptions only.',
  });
}

function packageArns(scope: Construct, groupName: string): { group: string; packages: string } {
  const arn = (resource: string, resourceName: string): string =>
    Stack.of(scope).formatArn({ service: 'sagemaker', resource, resourceName });
  return { group: arn('model-package-group', groupName), packages: arn('model-package', `${groupName}/*`) };
}
