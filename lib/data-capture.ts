/** What of the requests is kept. */
export enum CaptureMode {
  /** Requests. */
  INPUT = 'Input',
  /** Answers. */
  OUTPUT = 'Output',
}

/** Keeps requests and answers in the bucket, for monitoring and for training on what is really asked. */
export interface DataCapture {
  /** Share of the requests that is kept, in percent, 0 to 100. */
  readonly samplingPercentage: number;
  /**
   * What of them.
   *
   * @default - both
   */
  readonly modes?: CaptureMode[];
}
