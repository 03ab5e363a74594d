/** Where things lie in the bucket. The functions use the same layout. */
export const RAW = 'raw';
export const WORK = 'work';
export const COMPRESSED = 'compressed';
export const RELEASES = 'releases';
export const EVALUATION = 'evaluation';
/** SageMaker appends the endpoint's and the variant's name, and the time. */
export const CAPTURED = 'captured';
/** Requests that are answered later, and their answers, by endpoint. */
export const ASYNC = 'async';
