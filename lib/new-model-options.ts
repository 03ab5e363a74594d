import { IBucket } from 'aws-cdk-lib/aws-s3';
import { ModelCompleteness } from './model-completeness';

/** Where trained models come from that the pipeline has not trained itself. */
export interface NewModelOptions {
  /**
   * The bucket that models are put into. It must send its events to EventBridge, in the stack's region.
   *
   * @default - the pipeline's bucket
   */
  readonly bucket?: IBucket;
  /**
   * The folder that models are put into, ending in a slash. Every folder in it with a model's files is one model, and so
   * is the folder itself. The newest model that is complete is built.
   *
   * @default - `uploads/<modelName>/`
   */
  readonly prefix?: string;
  /**
   * How the pipeline knows that all files of a model are there.
   *
   * @default - `ModelCompleteness.modelFiles()` for TFLite, whose models are one file, otherwise
   * `ModelCompleteness.marker('_SUCCESS')`
   */
  readonly completeness?: ModelCompleteness;
}
