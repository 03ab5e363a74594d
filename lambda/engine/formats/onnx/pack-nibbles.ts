/** Numbers from 0 to 15 in four bits each, the earlier one of two low, without a gap. */
export function packNibbles(values: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(values.length / 2));
  values.forEach((value, at) => (packed[at >> 1] |= value << (4 * (at & 1))));
  return packed;
}
