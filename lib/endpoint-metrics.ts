import { Metric, MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';

/** Whose numbers `EndpointMetrics` are. */
export interface EndpointMetricsProps {
  /** Name of the endpoint. */
  readonly endpointName: string;
  /**
   * Name of its variant.
   *
   * @default - `main`, which pipelines use
   */
  readonly variantName?: string;
  /**
   * Name of the inference component that runs the model on the endpoint. Numbers of requests are the component's then,
   * numbers of instances the variant's.
   *
   * @default - none does
   */
  readonly inferenceComponentName?: string;
}

/** What SageMaker tells CloudWatch of an endpoint; to be drawn, to be alarmed on, or to be handed to other libraries. */
export class EndpointMetrics {
  constructor(private readonly props: EndpointMetricsProps) {}

  /** Requests that reached the endpoint. */
  public metricInvocations(options?: MetricOptions): Metric {
    return this.ofRequests('Invocations', Stats.SUM, options);
  }

  /** Requests for each instance; what scaling looks at. */
  public metricInvocationsPerInstance(options?: MetricOptions): Metric {
    return this.ofVariant('AWS/SageMaker', 'InvocationsPerInstance', { statistic: Stats.SUM, ...options });
  }

  /** Requests for each copy of an inference component; what scaling looks at. */
  public metricInvocationsPerCopy(options?: MetricOptions): Metric {
    return this.ofRequests('InvocationsPerCopy', Stats.SUM, options);
  }

  /** Requests that failed because an inference component had no copy; the first of them brings one. */
  public metricNoCapacityInvocationFailures(options?: MetricOptions): Metric {
    return this.ofRequests('NoCapacityInvocationFailures', Stats.SUM, options);
  }

  /** Requests that wait to be worked on, of an endpoint with `asyncInference`. */
  public metricApproximateBacklogSize(options?: MetricOptions): Metric {
    return new Metric({
      namespace: 'AWS/SageMaker',
      metricName: 'ApproximateBacklogSize',
      dimensionsMap: { EndpointName: this.props.endpointName },
      statistic: Stats.MAXIMUM,
      ...options,
    });
  }

  /** Requests that the caller got wrong. */
  public metricInvocation4XXErrors(options?: MetricOptions): Metric {
    return this.ofRequests('Invocation4XXErrors', Stats.SUM, options);
  }

  /** Requests that the endpoint failed on. */
  public metricInvocation5XXErrors(options?: MetricOptions): Metric {
    return this.ofRequests('Invocation5XXErrors', Stats.SUM, options);
  }

  /** Time in the container, in microseconds. */
  public metricModelLatency(options?: MetricOptions): Metric {
    return this.ofRequests('ModelLatency', 'p99', options);
  }

  /** Time that SageMaker adds to the container's, in microseconds. */
  public metricOverheadLatency(options?: MetricOptions): Metric {
    return this.ofRequests('OverheadLatency', 'p99', options);
  }

  /** Use of the CPUs, in percent of one; up to 100 for each of the instance's. */
  public metricCpuUtilization(options?: MetricOptions): Metric {
    return this.ofInstances('CPUUtilization', options);
  }

  /** Use of the memory, 0 to 100 percent. */
  public metricMemoryUtilization(options?: MetricOptions): Metric {
    return this.ofInstances('MemoryUtilization', options);
  }

  /** Use of the GPUs, in percent of one; up to 100 for each of the instance's. */
  public metricGpuUtilization(options?: MetricOptions): Metric {
    return this.ofInstances('GPUUtilization', options);
  }

  /** Use of the GPUs' memory, in percent of one; up to 100 for each of the instance's. */
  public metricGpuMemoryUtilization(options?: MetricOptions): Metric {
    return this.ofInstances('GPUMemoryUtilization', options);
  }

  /** Use of the disk, 0 to 100 percent. */
  public metricDiskUtilization(options?: MetricOptions): Metric {
    return this.ofInstances('DiskUtilization', options);
  }

  private ofRequests(metricName: string, statistic: string, options?: MetricOptions): Metric {
    const { inferenceComponentName } = this.props;
    const namespace = 'AWS/SageMaker';
    if (inferenceComponentName === undefined) return this.ofVariant(namespace, metricName, { statistic, ...options });
    const dimensionsMap = { InferenceComponentName: inferenceComponentName };
    return new Metric({ statistic, ...options, namespace, metricName, dimensionsMap });
  }

  private ofInstances(metricName: string, options?: MetricOptions): Metric {
    return this.ofVariant('/aws/sagemaker/Endpoints', metricName, { statistic: Stats.AVERAGE, ...options });
  }

  private ofVariant(namespace: string, metricName: string, options: MetricOptions): Metric {
    const { endpointName, variantName = 'main' } = this.props;
    return new Metric({
      ...options,
      namespace,
      metricName,
      dimensionsMap: { EndpointName: endpointName, VariantName: variantName },
    });
  }
}
