import { ByteSource } from '../io/byte-source';
import { StoredObject } from '../io/object-store';
import { Layout } from '../plan';
import { Recipe } from '../recipe';
import { StepExecutor } from '../step-context';

/** The files of a model, as the planner shows them to a format. */
export interface SourceFiles {
  /** In key order. */
  readonly files: readonly StoredObject[];
  /** Opens a file by its index in `files`; repeated calls give the same source. */
  open(index: number): Promise<ByteSource>;
}

/** How a layout may be cut. */
export interface LayoutLimits {
  /** Source bytes that one piece should read at the most, where the format can cut there. */
  readonly targetPieceBytes: number;
  /**
   * Source bytes of a tensor up to which one piece makes it whole even beyond the target, where the format gains by it: of
   * a matrix that is cut into rows, the scales lie behind all rows and take a second read.
   *
   * @default targetPieceBytes
   */
  readonly wholeTensorBytes?: number;
  /** No piece but an output's last may be shorter, in bytes (S3's smallest part). */
  readonly minPieceBytes: number;
}

/** A format that the engine can compress: turns headers into a layout, without reading a weight. */
export interface ModelFormat {
  /** The format's name as the manifest gives it. */
  readonly name: string;
  /** Whether these files are a model of this format, judged by their names and first bytes alone. */
  detect(source: SourceFiles): Promise<boolean>;
  /**
   * Lays out the artifact to the byte. Files that belong to no tensor are laid out as copies.
   *
   * @throws InvalidModelError when the model is damaged; InvalidRecipeError when the recipe does not suit it.
   */
  plan(source: SourceFiles, recipe: Recipe, limits: LayoutLimits): Promise<Layout>;
  /** Executors of the step kinds that this format's layouts use, beside `literal` and `copy`. */
  readonly executors: Readonly<Record<string, StepExecutor>>;
}
