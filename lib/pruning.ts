/** Which weights are set to zero before the others are quantized. */
export class Pruning {
  /**
   * Sets the smallest weights of each tensor to zero.
   *
   * @param share Share of the weights, more than 0 and less than 1.
   */
  public static magnitude(share: number): Pruning {
    if (!(share > 0 && share < 1)) {
      throw new Error(`The share to prune must be more than 0 and less than 1, received: ${share}`);
    }
    return new Pruning(share);
  }

  /** Keeps two of every four neighbours, the pattern that GPUs since Ampere skip over. */
  public static twoOfFour(): Pruning {
    return new Pruning('2:4');
  }

  private constructor(private readonly value: number | string) {}

  /**
   * As the functions take it.
   *
   * @internal
   */
  public _render(): number | string {
    return this.value;
  }
}
