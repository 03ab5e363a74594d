/**
 * An instance type of SageMaker. The constants are common choices; `of` takes any.
 *
 * @example
 * MlInstanceType.of('ml.g6e.12xlarge');
 */
export class MlInstanceType {
  /** 2 vCPU, 4 GiB. */
  public static readonly C7I_LARGE = MlInstanceType.of('ml.c7i.large');
  /** 4 vCPU, 8 GiB. */
  public static readonly C7I_XLARGE = MlInstanceType.of('ml.c7i.xlarge');
  /** 2 vCPU, 8 GiB. */
  public static readonly M7I_LARGE = MlInstanceType.of('ml.m7i.large');
  /** 4 vCPU, 16 GiB. */
  public static readonly M7I_XLARGE = MlInstanceType.of('ml.m7i.xlarge');
  /** One T4 with 16 GB. */
  public static readonly G4DN_XLARGE = MlInstanceType.of('ml.g4dn.xlarge');
  /** One A10G with 24 GB. */
  public static readonly G5_XLARGE = MlInstanceType.of('ml.g5.xlarge');
  /** One A10G with 24 GB. */
  public static readonly G5_2XLARGE = MlInstanceType.of('ml.g5.2xlarge');
  /** One L4 with 24 GB; computes in fp8. */
  public static readonly G6_XLARGE = MlInstanceType.of('ml.g6.xlarge');
  /** One L40S with 48 GB; computes in fp8. */
  public static readonly G6E_2XLARGE = MlInstanceType.of('ml.g6e.2xlarge');
  /** Four L40S with 48 GB each; computes in fp8. */
  public static readonly G6E_12XLARGE = MlInstanceType.of('ml.g6e.12xlarge');
  /** Eight A100 with 40 GB each. */
  public static readonly P4D_24XLARGE = MlInstanceType.of('ml.p4d.24xlarge');
  /** Eight H100 with 80 GB each; computes in fp8. */
  public static readonly P5_48XLARGE = MlInstanceType.of('ml.p5.48xlarge');

  /**
   * Any instance type.
   *
   * @param name For example `ml.g5.xlarge`.
   */
  public static of(name: string): MlInstanceType {
    return new MlInstanceType(name);
  }

  /** The name, for example `ml.g5.xlarge`. */
  public readonly name: string;
  /** The family, for example `g5`. */
  public readonly family: string;
  /** Whether it has NVIDIA GPUs. */
  public readonly hasGpu: boolean;
  /** Whether it brings its own disk, and so takes neither a volume size nor a key for one. */
  public readonly hasLocalDisk: boolean;

  private constructor(name: string) {
    if (/serverless/i.test(name)) {
      throw new Error(
        `SageMaker serves no uncompressed model without instances (ContainerDefinition.ModelDataSource in its API reference), and ` +
          `artifacts are never packed; received: ${name}. Choose an instance such as ml.c7i.large; with asyncInference and ` +
          'scaling.minInstanceCount: 0, it goes while nobody asks',
      );
    }
    const match = /^ml\.([a-z0-9-]+)\.([a-z0-9]+)$/.exec(name);
    if (!match) throw new Error(`An instance type looks like ml.g5.xlarge, received: ${name}`);
    this.name = name;
    this.family = match[1];
    this.hasGpu = /^[gp]\d/.test(this.family);
    this.hasLocalDisk = /^(g5|g6|g7|p5|p6|trn1)/.test(this.family) || /^[a-z]+\d+[a-z]*d[a-z]*(-|$)/.test(this.family);
  }

  /** The name. */
  public toString(): string {
    return this.name;
  }
}
