import { Construct } from 'constructs';
import { ModelPipelineProps } from '../model-pipeline-props';
import { RunOnDeploy } from './run-on-deploy';
import { RunOnNewModel } from './run-on-new-model';
import { RunOnSchedule } from './run-on-schedule';
import { TriggerProps } from './trigger';
import { ensure } from './validate';

export interface TriggersProps extends Omit<ModelPipelineProps, 'models'>, TriggerProps {
  /** Of the recipe, the serving code and the endpoint. */
  readonly inputsDigest: string;
  /** Of those, and of all that decides what is trained and what passes. */
  readonly runDigest: string;
}

export interface Triggers {
  readonly all: readonly Construct[];
  readonly newModel?: RunOnNewModel;
}

/** What starts a pipeline's builds. */
export function createTriggers(scope: Construct, props: TriggersProps): Triggers {
  const { inputsDigest, machine, modelFormat, modelName, models, runDigest, topic } = props;
  const common: TriggerProps = { modelName, models, machine, topic };
  const all: Construct[] = [];
  if (props.runOnDeploy ?? true) {
    const { logEncryptionKey } = models;
    all.push(new RunOnDeploy(scope, 'RunOnDeploy', { machine, inputsDigest: runDigest, logEncryptionKey }));
  }
  const newModel =
    props.runOnNewModel &&
    new RunOnNewModel(scope, 'RunOnNewModel', { ...props.runOnNewModel, ...common, modelFormat, inputsDigest });
  if (newModel !== undefined) all.push(newModel);
  if (props.runOnSchedule !== undefined) {
    ensure(props.training !== undefined, 'runOnSchedule needs training: there is nothing else to do anew');
    all.push(new RunOnSchedule(scope, 'RunOnSchedule', { ...common, expression: props.runOnSchedule }));
  }
  return { all, newModel };
}
