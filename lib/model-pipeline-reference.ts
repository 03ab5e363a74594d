import { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { IConstruct } from 'constructs';

/** A model's way to an endpoint, as other stacks see it. */
export interface IModelPipeline extends IConstruct {
  /** Builds. Input `{}`, or `{ "source": "s3://…/" }` to take a trained model. */
  readonly buildMachine: IStateMachine;
  /** Releases an artifact. Input `{ "build": "<name>" }` or `{ "artifact": "s3://…/" }`. */
  readonly releaseMachine: IStateMachine;
  /** Name of the endpoint. It exists from the first release on. */
  readonly endpointName: string;

  /** Lets an identity call the endpoint. */
  grantInvoke(grantee: IGrantable): Grant;
}

/** How to refer to a pipeline that another stack owns. Its endpoint is in the account and region of its machines. */
export interface ModelPipelineAttributes {
  /** ARN of the machine that builds. */
  readonly buildMachineArn: string;
  /** ARN of the machine that releases. */
  readonly releaseMachineArn: string;
  /** Name of the endpoint. */
  readonly endpointName: string;
  /**
   * Whether the endpoint has an `inferenceComponent`, which callers need to be let in to, too.
   *
   * @default false
   */
  readonly hasInferenceComponent?: boolean;
}
