import { Step } from '../../steps';

/** A tensor of the artifact. */
export interface OutputTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Length in bytes. */
  readonly bytes: number;
}

/** A step, with the bytes that are read to carry it out. */
export interface CostedStep {
  readonly step: Step;
  readonly cost: number;
}

/** Tensors that follow each other in a shard, and the steps that make exactly their bytes. */
export interface OutputUnit {
  readonly tensors: readonly OutputTensor[];
  readonly steps: readonly CostedStep[];
}
