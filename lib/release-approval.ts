/** Who decides whether a build that passed its gates is released. */
export enum ReleaseApproval {
  /** Nobody: it is released at once. */
  AUTOMATIC = 'Approved',
  /** A person, by approving the build's model package in SageMaker's model registry. */
  MANUAL = 'PendingManualApproval',
}
