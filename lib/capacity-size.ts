import { ensure, requireWhole } from './private/validate';

/**
 * A part of an endpoint's fleet.
 *
 * @example
 * CapacitySize.percent(10);
 */
export class CapacitySize {
  /** A share of the instances, 1 to 100 percent. */
  public static percent(value: number): CapacitySize {
    requireWhole(value, 'percent', 1, 100);
    return new CapacitySize('CAPACITY_PERCENT', value);
  }

  /** A number of instances. */
  public static instances(value: number): CapacitySize {
    requireWhole(value, 'instances', 1, 10000);
    return new CapacitySize('INSTANCE_COUNT', value);
  }

  private constructor(
    private readonly type: 'CAPACITY_PERCENT' | 'INSTANCE_COUNT',
    private readonly value: number,
  ) {}

  /**
   * Checks the share of so many instances against SageMaker's limits, in percent.
   *
   * @internal
   */
  public _require(name: string, instances: number, lowest: number, highest: number): void {
    const percent = this.type === 'CAPACITY_PERCENT' ? this.value : (100 * this.value) / instances;
    ensure(
      percent >= lowest && percent <= highest,
      `${name} must be from ${lowest} to ${highest} percent of the instances, received: ${+percent.toFixed(1)} percent of ${instances}`,
    );
  }

  /**
   * As `CapacitySize` of the SageMaker API.
   *
   * @internal
   */
  public _render(): Record<string, unknown> {
    return { Type: this.type, Value: this.value };
  }
}
