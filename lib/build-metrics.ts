import { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';

/** Whose numbers `BuildMetrics` are. */
export interface BuildMetricsProps {
  /** What the numbers are filed under: a pipeline's endpoint name, or what a `CompressionGate` was given. */
  readonly pipelineName: string;
}

/** Which of the two models an evaluation measured. */
export enum EvaluatedModel {
  /** What training produced. */
  RAW = 'raw',
  /** The artifact. */
  COMPRESSED = 'compressed',
}

/** Numbers of each build, published when it reaches its gates, whether or not it passes them. */
export class BuildMetrics {
  /** The namespace of all metrics of builds. */
  public static readonly NAMESPACE = 'modelpress';

  constructor(private readonly props: BuildMetricsProps) {}

  /** Size of the model before compression, in bytes. */
  public metricSourceSize(options?: MetricOptions): Metric {
    return this.metric('SourceSize', options);
  }

  /** Size of the artifact's files, in bytes. */
  public metricCompressedSize(options?: MetricOptions): Metric {
    return this.metric('CompressedSize', options);
  }

  /** Size before over size after. */
  public metricCompressionRatio(options?: MetricOptions): Metric {
    return this.metric('CompressionRatio', options);
  }

  /** Norm of the error over norm of the weights, over all that were changed. */
  public metricRelativeError(options?: MetricOptions): Metric {
    return this.metric('RelativeError', options);
  }

  /** Share of zeros among the weights that were changed, 0 to 1. */
  public metricSparsity(options?: MetricOptions): Metric {
    return this.metric('Sparsity', options);
  }

  /**
   * What the evaluation measured.
   *
   * @param name The metric's name in `metrics.json`, for example `accuracy`. It must have a limit.
   */
  public metricEvaluation(name: string, model: EvaluatedModel, options?: MetricOptions): Metric {
    return this.metric(name, options, { Model: model });
  }

  private metric(metricName: string, options: MetricOptions = {}, more: Record<string, string> = {}): Metric {
    return new Metric({
      statistic: 'Average',
      ...options,
      namespace: BuildMetrics.NAMESPACE,
      metricName,
      dimensionsMap: { Pipeline: this.props.pipelineName, ...more },
    });
  }
}
