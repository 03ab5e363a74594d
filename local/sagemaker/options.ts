/** How a local SageMaker is started. */
export interface LocalSageMakerOptions {
  /** Folder for state, logs and the containers' files; made when absent. A second start on it goes on where the first ended. */
  readonly stateDir: string;
  /** Python interpreter that stands in for the framework images. */
  readonly python: string;
  /**
   * Names another interpreter for the images of a repository, when the first of them starts.
   *
   * @default - `python` for all
   */
  readonly pythonFor?: (repository: string) => Promise<string | undefined>;
  /** Address of the S3 that job inputs, outputs and models live in. */
  readonly s3Endpoint: string;
  /**
   * Address of the CloudWatch that receives metrics and is asked for alarms.
   *
   * @default - the S3's
   */
  readonly cloudWatchEndpoint?: string;
  /** @default - a free one */
  readonly port?: number;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** @default 'us-east-1' */
  readonly region?: string;
  /** @default '123456789012' */
  readonly account?: string;
  /**
   * Waits of deployment policies (bake times, steps) pass at this share of their time.
   *
   * @default 1
   */
  readonly waitScale?: number;
  /**
   * Receives one line for everything worth telling.
   *
   * @default - nobody is told
   */
  readonly log?: (line: string) => void;
}

/** A running local SageMaker. */
export interface LocalSageMaker {
  /** Address for both the SageMaker and the SageMaker runtime clients. */
  readonly url: string;
  readonly port: number;
  /** Stops every process it started, then the server. Endpoints come back with the next start on the same folder. */
  close(): Promise<void>;
}
