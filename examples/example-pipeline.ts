import { ContainerImage, MlInstanceType, ModelFormat, ShapExplainer } from '../lib';

/** How an example is deployed: what `bin/app.ts` makes a ModelPipeline of, with the settings for the rest. */
export interface ExamplePipeline {
  /** The model's name, unless the setting `modelName` gives another. */
  readonly modelName: string;
  /** What the training script exports. */
  readonly modelFormat: ModelFormat;
  /** How it is compressed, unless the setting `recipe` says otherwise. */
  readonly recipe: string;
  /** Runs `training/train.py`. */
  readonly trainingImage: ContainerImage;
  /** Trains, unless the setting `trainingInstanceType` says otherwise. */
  readonly trainingInstanceType: MlInstanceType;
  /** Runs `evaluation/evaluate.py`, on an instance without a GPU. */
  readonly evaluationImage: ContainerImage;
  /** Arguments of the training script that this format needs; those of the setting `hyperparameters` are added. */
  readonly hyperparameters?: Readonly<Record<string, unknown>>;
  /** Runs `serving/inference.py`. */
  readonly endpointImage: ContainerImage;
  /** Serves, unless the setting `endpointInstanceType` says otherwise. */
  readonly endpointInstanceType: MlInstanceType;
  /** Explains predictions; the script then is asked in CSV, and so are the endpoint and `samples.py`. */
  readonly explainer?: ShapExplainer;
}
