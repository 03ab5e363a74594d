import { ensure } from './private/validate';

/**
 * How the pipeline knows that all files of an uploaded model are there.
 *
 * @example
 * ModelCompleteness.marker('_SUCCESS');
 */
export class ModelCompleteness {
  /**
   * The uploader writes a file of this name, of any content, into the model's folder when all others are there. Folders
   * below it belong to the model.
   *
   * @param name The file's name, without a path.
   */
  public static marker(name: string = '_SUCCESS'): ModelCompleteness {
    ensure(
      /^[\w.-]+$/.test(name),
      `The name of a marker must be letters, digits, underscores, dots and hyphens, received: ${name}`,
    );
    return new ModelCompleteness(name);
  }

  /**
   * The model's own files tell: a model of one file is complete with it, one of several shards when its index and all
   * shards that the index names are there. Configuration and tokenizer files start nothing: upload them first. Not for ONNX.
   */
  public static modelFiles(): ModelCompleteness {
    return new ModelCompleteness();
  }

  /** @internal */
  private constructor(
    /**
     * Name of the marker; undefined when the model's own files tell.
     *
     * @internal
     */
    public readonly _marker?: string,
  ) {}
}
