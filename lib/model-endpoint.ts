import { createHash } from 'node:crypto';
import { ArnFormat, Lazy, Names, Resource, Stack } from 'aws-cdk-lib';
import { Connections, IConnectable } from 'aws-cdk-lib/aws-ec2';
import { IMetric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { Grant, IGrantable, IRole } from 'aws-cdk-lib/aws-iam';
import { CfnEndpoint, CfnEndpointConfig, CfnModel, IEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import { aws_sagemaker as references } from 'aws-cdk-lib/interfaces';
import { Construct } from 'constructs';
import { CompressedModel, ICompressedModel } from './compressed-model';
import { CompressionRecipe } from './compression-recipe';
import { EndpointAlarms } from './endpoint-alarms';
import { EndpointMetrics } from './endpoint-metrics';
import { ModelEndpointAttributes, ModelEndpointProps } from './model-endpoint-props';
import { ModelEndpointScaling, ModelEndpointScalingOptions } from './model-endpoint-scaling';
import { grantInvoke } from './private/grant-invoke';
import { Hosting, SERVING_CODE_ENVIRONMENT } from './private/hosting';
import { lowerFirst } from './private/lower-first';
import { validateCode, validatePairing } from './private/validate-endpoint';

/**
 * An endpoint that CloudFormation owns, for a model that changes by deployments only. A changed model makes a new SageMaker
 * model and endpoint config; the endpoint moves over to them, and the old ones go when it has. For models that builds
 * release, take a `ModelPipeline`.
 *
 * @example
 * const endpoint = new ModelEndpoint(this, 'Endpoint', {
 *   model,
 *   image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU,
 *   instanceType: MlInstanceType.C7I_LARGE,
 * });
 * endpoint.grantInvoke(role);
 */
export class ModelEndpoint extends Resource implements IEndpoint, IConnectable {
  /** Refers to an endpoint that exists. */
  public static fromModelEndpointAttributes(
    scope: Construct,
    id: string,
    attributes: ModelEndpointAttributes,
  ): IEndpoint {
    class Import extends Resource implements IEndpoint {
      public readonly endpointArn = attributes.endpointArn;
      public readonly endpointName = Stack.of(this).splitArn(attributes.endpointArn, ArnFormat.SLASH_RESOURCE_NAME)
        .resourceName!;
      public readonly endpointRef = { endpointArn: attributes.endpointArn };

      public grantInvoke(grantee: IGrantable): Grant {
        return grantInvoke(this.endpointArn, grantee);
      }
    }
    return new Import(scope, id, { environmentFromArn: attributes.endpointArn });
  }

  public readonly endpointArn: string;
  public readonly endpointName: string;
  public readonly connections: Connections;
  /** The role that the containers run with. */
  public readonly role: IRole;
  /** Name of the one variant. */
  public readonly variantName: string;
  /** What its callers would notice; an update is rolled back when one goes off. */
  public readonly alarms: EndpointAlarms;
  /** Every number that SageMaker tells CloudWatch of the endpoint. */
  public readonly metrics: EndpointMetrics;

  private scaling?: ModelEndpointScaling;

  constructor(scope: Construct, id: string, props: ModelEndpointProps) {
    super(scope, id, { physicalName: props.endpointName ?? uniqueName(scope, id) });
    const hosting = this.createHosting(props);
    const specification = hosting.specification as unknown as Specification;
    this.role = hosting.role;
    this.alarms = hosting.alarms;
    this.variantName = specification.variantName;
    this.connections = new Connections({ securityGroups: hosting.network?.securityGroups ?? [] });
    const model = this.createModel(props.model, specification);
    // SageMaker reads the artifact and the image with the role as soon as there is a model.
    model.node.addDependency(hosting);
    const endpoint = this.createEndpoint(this.createConfig(model, specification), specification);
    this.endpointArn = this.getResourceArnAttribute(endpoint.attrEndpointArn, {
      service: 'sagemaker',
      resource: 'endpoint',
      resourceName: this.physicalName,
    });
    this.endpointName = this.getResourceNameAttribute(endpoint.attrEndpointName);
    this.metrics = new EndpointMetrics({ endpointName: this.endpointName, variantName: this.variantName });
  }

  /** A reference to the endpoint. */
  public get endpointRef(): references.EndpointReference {
    return { endpointArn: this.endpointArn };
  }

  /** Lets an identity call the endpoint. */
  public grantInvoke(grantee: IGrantable): Grant {
    return grantInvoke(this.endpointArn, grantee);
  }

  /** Requests that reached the endpoint. */
  public metricInvocations(options?: MetricOptions): IMetric {
    return this.metrics.metricInvocations(options);
  }

  /** Requests that the endpoint failed on. */
  public metricInvocation5XXErrors(options?: MetricOptions): IMetric {
    return this.metrics.metricInvocation5XXErrors(options);
  }

  /** Time in the container, in microseconds. */
  public metricModelLatency(options?: MetricOptions): IMetric {
    return this.metrics.metricModelLatency(options);
  }

  /**
   * Scales the instances. A deployment that updates the endpoint keeps the count that scaling has reached then.
   *
   * SageMaker refuses another instance type while an endpoint scales: deploy without scaling first, then with both.
   */
  public autoScale(options: ModelEndpointScalingOptions): ModelEndpointScaling {
    if (this.scaling !== undefined)
      throw new Error(`${this.node.path} scales already; add to what the first autoScale() returned`);
    this.scaling = new ModelEndpointScaling(this, 'Scaling', {
      ...options,
      endpointName: this.endpointName,
      variantName: this.variantName,
    });
    return this.scaling;
  }

  private createHosting({ model, ...endpoint }: ModelEndpointProps): Hosting {
    const { modelName, models, modelFormat } = model;
    const { codeDirectory, recipe } =
      model instanceof CompressedModel ? model._made : { recipe: CompressionRecipe.none() };
    validateCode({ codeDirectory, networkIsolation: endpoint.networkIsolation });
    const environment = { ...(model.hasServingCode ? SERVING_CODE_ENVIRONMENT : {}), ...endpoint.environment };
    const hosting = new Hosting(this, 'Hosting', {
      modelName,
      models,
      endpointName: this.physicalName,
      endpoint: { ...endpoint, environment },
    });
    validatePairing(modelFormat, recipe, endpoint, hosting.image);
    return hosting;
  }

  /** Without names: CloudFormation makes a new model for everything that changes, before it deletes the old one. */
  private createModel({ artifact }: ICompressedModel, specification: Specification): CfnModel {
    return new CfnModel(this, 'Model', {
      executionRoleArn: specification.executionRoleArn,
      enableNetworkIsolation: specification.networkIsolation,
      primaryContainer: {
        image: specification.image,
        environment: specification.environment,
        modelDataSource: {
          s3DataSource: { s3Uri: artifact, s3DataType: 'S3Prefix', compressionType: 'None' },
        },
      },
      vpcConfig: specification.vpc,
      tags: specification.tags.map(({ Key, Value }) => ({ key: Key, value: Value })),
    });
  }

  private createConfig(model: CfnModel, specification: Specification): CfnEndpointConfig {
    return new CfnEndpointConfig(this, 'Config', {
      kmsKeyId: specification.kmsKeyArn,
      productionVariants: [
        {
          variantName: specification.variantName,
          modelName: model.attrModelName,
          instanceType: specification.instanceType,
          initialInstanceCount: specification.initialInstanceCount,
          initialVariantWeight: 1,
          volumeSizeInGb: specification.volumeSizeInGb,
          containerStartupHealthCheckTimeoutInSeconds: specification.containerStartupHealthCheckTimeoutSeconds,
          modelDataDownloadTimeoutInSeconds: specification.modelDataDownloadTimeoutSeconds,
          inferenceAmiVersion: specification.inferenceAmiVersion,
        },
      ],
      tags: specification.tags.map(({ Key, Value }) => ({ key: Key, value: Value })),
    });
  }

  private createEndpoint(config: CfnEndpointConfig, { deploymentConfig, tags }: Specification): CfnEndpoint {
    return new CfnEndpoint(this, 'Resource', {
      endpointName: this.physicalName,
      endpointConfigName: config.attrEndpointConfigName,
      deploymentConfig: lowerFirst(deploymentConfig) as CfnEndpoint.DeploymentConfigProperty,
      // The count that scaling has reached, not the one that the endpoint was created with.
      retainAllVariantProperties: Lazy.any({ produce: () => (this.scaling === undefined ? undefined : true) }),
      tags: tags.map(({ Key, Value }) => ({ key: Key, value: Value })),
    });
  }
}

/** What of the release specification is one variant on instances. */
interface Specification {
  readonly executionRoleArn: string;
  readonly image: string;
  readonly instanceType: string;
  readonly initialInstanceCount: number;
  readonly variantName: string;
  readonly environment: Record<string, string>;
  readonly networkIsolation: boolean;
  readonly vpc?: CfnModel.VpcConfigProperty;
  readonly volumeSizeInGb?: number;
  readonly kmsKeyArn?: string;
  readonly containerStartupHealthCheckTimeoutSeconds?: number;
  readonly modelDataDownloadTimeoutSeconds?: number;
  readonly inferenceAmiVersion?: string;
  readonly deploymentConfig: Record<string, unknown>;
  readonly tags: { readonly Key: string; readonly Value: string }[];
}

/** Known at synthesis, because the alarms that guard an update are there before the endpoint is. */
function uniqueName(scope: Construct, id: string): string {
  const around = Names.uniqueResourceName(scope, { maxLength: 37, separator: '-' }).toLowerCase();
  return `${around}-${createHash('sha256').update(`${scope.node.path}/${id}`).digest('hex').slice(0, 8)}`;
}
