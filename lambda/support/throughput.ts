/** What a compressing function of 3008 MB reads from S3 in steady state, in bytes per second. */
export const BYTES_PER_SECOND = 75e6;
