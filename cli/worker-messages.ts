/** What a worker thread is started with. */
export interface WorkerSetup {
  readonly source: string;
  readonly destination: string;
  /** Folder with the plan and the results. */
  readonly work: string;
}

/** To a worker: the plan is there, make its items. */
export interface StartRequest {
  /** What the queue of the items shares. */
  readonly queue: SharedArrayBuffer;
  /** Number of the worker's own stretch in it. */
  readonly worker: number;
}

/** From a worker. */
export type WorkerReport =
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string; readonly stack: string | undefined };
