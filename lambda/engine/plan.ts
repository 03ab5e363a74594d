import { Recipe } from './recipe';
import { StoredObject } from './io/object-store';
import { Step } from './steps';

/** What happens to one tensor, and why; the basis of `inspect`, of the manifest and of error reports. */
export interface PlannedTensor {
  readonly name: string;
  /** Element type in the source, in the format's own word (`F32`, `BF16`, …). */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** What is done: a method such as `int8`, or `keep`. */
  readonly action: string;
  /** The rule that kept it, or why it got another method than the recipe's. */
  readonly reason?: string;
  /** Bytes in the source. */
  readonly bytesBefore: number;
  /** Bytes in the artifact, scales and zero points included. */
  readonly bytesAfter: number;
}

/** A contiguous run of one output that one worker makes in one go. */
export interface PieceLayout {
  /** First byte in the output. */
  readonly offset: number;
  /** Length in bytes: the sum of the steps' lengths. */
  readonly length: number;
  /** Bytes read to make it; what the planner balances workers by. */
  readonly cost: number;
  readonly steps: readonly Step[];
}

/** A file of the artifact, laid out to the byte. Its pieces follow each other without gap or overlap. */
export interface OutputLayout {
  readonly key: string;
  readonly size: number;
  readonly pieces: readonly PieceLayout[];
}

/** What a format answers when it is shown a model's headers and a recipe. */
export interface Layout {
  readonly outputs: readonly OutputLayout[];
  readonly tensors: readonly PlannedTensor[];
  /** Advice for the person who started the build, one sentence each. */
  readonly warnings: readonly string[];
}

/** Where one piece goes: output, parts, steps. */
export interface PlannedPiece extends PieceLayout {
  /** Index into the plan's `outputs`. */
  readonly output: number;
  /** Number of the piece's first part. */
  readonly firstPart: number;
  /** Sizes in bytes of the piece's parts, in order. */
  readonly partSizes: readonly number[];
}

/** One worker's share. Small outputs share an item; a piece is never split. */
export interface PlanItem {
  readonly pieces: readonly PlannedPiece[];
}

export interface PlannedOutput {
  readonly key: string;
  readonly size: number;
  readonly uploadId: string;
  readonly parts: number;
}

/** All that the workers and Finalize share. The items lie beside it, one JSON line each, found through `itemOffsets`. */
export interface Plan {
  readonly schemaVersion: 1;
  /** Name of the format that made the layout. */
  readonly format: string;
  readonly recipe: Recipe;
  /** The source's files in key order; steps refer to them by index. */
  readonly sources: readonly StoredObject[];
  /** Root of the source store. */
  readonly sourceRoot: string;
  /** Root of the artifact's store. */
  readonly artifactRoot: string;
  readonly outputs: readonly PlannedOutput[];
  readonly tensors: readonly PlannedTensor[];
  readonly warnings: readonly string[];
  /** Byte offset of each item's line in `items.jsonl`, and its end as one more entry. */
  readonly itemOffsets: readonly number[];
}
