/** The repository that a `ModelDeliveryPipeline` follows. */
export interface DeliverySource {
  /** ARN of a connection to GitHub, GitLab or Bitbucket, made in the console: `arn:aws:codeconnections:…:connection/…`. */
  readonly connectionArn: string;
  /** The repository, `owner/name`. */
  readonly repository: string;
  /**
   * The branch that is delivered.
   *
   * @default 'main'
   */
  readonly branch?: string;
}
