/** What a worker thread is started with. */
export interface WorkerSetup {
  readonly source: string;
  readonly destination: string;
  /** Folder with the plan and the results. */
  readonly work: string;
}

/** To a worker: make this item. */
export interface ItemRequest {
  readonly item: number;
}

/** From a worker. */
export type WorkerReport =
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string; readonly stack: string | undefined };
