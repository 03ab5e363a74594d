import { Aspects, IAspect } from 'aws-cdk-lib';
import { CodePipeline } from 'aws-cdk-lib/pipelines';
import { IConstruct } from 'constructs';
import { acknowledge, acknowledgeInlinePolicies, acknowledgePolicy } from './acknowledge';

const REASON =
  "Written by CDK Pipelines: its roles reach the delivery's own artifacts and logs, look stacks up, and take on only those roles that the CDK's bootstrap has tagged for deployments.";

/** What the CDK adds to names of actions; what they reach is the delivery's own bucket and its key. */
const ACTIONS = [
  's3:Abort*',
  's3:DeleteObject*',
  's3:GetBucket*',
  's3:GetObject*',
  's3:List*',
  'kms:GenerateDataKey*',
  'kms:ReEncrypt*',
];

/** Records why the roles of CDK Pipelines are as they are. They are made only when the app is synthesized. */
export function acknowledgeDelivery(pipeline: CodePipeline): void {
  acknowledgeInlinePolicies(pipeline);
  acknowledge(pipeline, Object.fromEntries(ACTIONS.map((action) => [`AwsSolutions-IAM5[Action::${action}]`, REASON])));
  // Added after the aspect by which the pipeline builds itself, and so visited after it.
  Aspects.of(pipeline).add(new AcknowledgePolicies(pipeline));
}

class AcknowledgePolicies implements IAspect {
  constructor(private readonly pipeline: CodePipeline) {}

  public visit(node: IConstruct): void {
    if (node === this.pipeline) acknowledgePolicy(node, REASON);
  }
}
