/** What the rounding of a compression is after. */
export enum CompressionMode {
  /** Less error at the same size. */
  BEST = 'best',
  /** Bit for bit what the field's own tools write. */
  EXACT = 'exact',
}
