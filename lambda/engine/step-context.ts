import { ByteSource } from './io/byte-source';
import { Plan } from './plan';
import { CustomStep } from './steps';

/** Sums over (part of) a tensor, from which Finalize makes its error and sparsity. All are additive. */
export interface TensorSums {
  /** Sum of squares of the source's values. */
  readonly signal: number;
  /** Sum of squares of the differences between the source and what the artifact decodes to, pruning included. */
  readonly noise: number;
  /** How many of the artifact's values are zero. */
  readonly zeros: number;
  /** How many values there are. */
  readonly count: number;
}

/** What a step's executor works with. */
export interface StepContext {
  readonly plan: Plan;
  /** Opens one of the plan's source files; repeated calls give the same source. */
  source(file: number): Promise<ByteSource>;
  /**
   * Appends bytes to the piece. The view may be overwritten once the promise, where there is one, has settled; it may be
   * WASM memory.
   */
  write(bytes: Uint8Array): Promise<void> | void;
  /** Adds to the sums of a tensor of the plan. */
  addSums(tensor: number, sums: TensorSums): void;
}

/** Carries out one kind of step: writes exactly `step.length` bytes. */
export type StepExecutor<S extends CustomStep = CustomStep> = (step: S, context: StepContext) => Promise<void>;
