/** Some S3 implementations leave the error's code out, so the HTTP status decides. */
export function isAnswer(error: unknown, status: number): boolean {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === status;
}
