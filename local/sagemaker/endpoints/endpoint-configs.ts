import { randomUUID } from 'node:crypto';
import { CreateEndpointConfigInput, ListEndpointConfigsInput, ProductionVariant } from '@aws-sdk/client-sagemaker';
import { validationError } from '../api/api-error';
import { LISTING, NAME } from '../api/common-shapes';
import { page } from '../api/listing';
import { Operation, operation } from '../api/operation';
import { structure } from '../api/shapes';
import { saveTags } from '../api/tags';
import { withoutTags } from '../api/without-tags';
import { checkForComponents } from '../components/check-config';
import { Context, now } from '../system/context';
import { validateExplainer } from './explainer-config';
import { containersOf, Models } from './models';
import { EndpointConfigRecord, FleetSpecification, FleetVariant, isInProgress } from './records';
import { CREATE_ENDPOINT_CONFIG } from './requests';
import { checkShadows } from './shadow-variants';

const BY_NAME = structure({ 'EndpointConfigName!': NAME });

/** The endpoint config operations. */
export class EndpointConfigs {
  readonly operations: Readonly<Record<string, Operation>> = {
    CreateEndpointConfig: operation(CREATE_ENDPOINT_CONFIG, (request: CreateEndpointConfigInput) =>
      this.create(request),
    ),
    DescribeEndpointConfig: operation(BY_NAME, (request: { EndpointConfigName: string }) =>
      this.describe(request.EndpointConfigName),
    ),
    DeleteEndpointConfig: operation(BY_NAME, (request: { EndpointConfigName: string }) =>
      this.delete(request.EndpointConfigName),
    ),
    ListEndpointConfigs: operation(structure(LISTING), (request: ListEndpointConfigsInput) => this.list(request)),
  };

  constructor(
    private readonly context: Context,
    private readonly models: Models,
  ) {}

  /** @throws ApiError ValidationException when there is no such config. */
  find(name: string): EndpointConfigRecord {
    const record = this.context.state.endpointConfigs[name];
    if (record === undefined) {
      throw validationError(`Could not find endpoint configuration "${this.context.arn('endpoint-config', name)}".`);
    }
    return record;
  }

  /**
   * What a new fleet on this config runs.
   *
   * @throws ApiError ValidationException when the config or one of its models is gone.
   */
  fleetOn(configName: string, endpointName: string): FleetSpecification {
    const id = randomUUID().slice(0, 8);
    const { request } = this.find(configName);
    const withContainer = (variant: ProductionVariant): FleetVariant => ({
      variant,
      container:
        variant.ModelName === undefined ? undefined : containersOf(this.models.find(variant.ModelName).request)[0],
    });
    return {
      id,
      configName,
      variants: request.ProductionVariants!.map(withContainer),
      shadows: request.ShadowProductionVariants?.map(withContainer),
      dataCapture: request.DataCaptureConfig,
      asyncInference: request.AsyncInferenceConfig,
      explainer: request.ExplainerConfig?.ClarifyExplainerConfig,
      folder: `endpoints/${endpointName}/${id}`,
    };
  }

  private create(request: CreateEndpointConfigInput): object {
    const name = request.EndpointConfigName!;
    const arn = this.context.arn('endpoint-config', name);
    if (this.context.state.endpointConfigs[name] !== undefined) {
      throw validationError(`Cannot create already existing endpoint configuration "${arn}".`);
    }
    const variants = [...request.ProductionVariants!, ...(request.ShadowProductionVariants ?? [])];
    const names = variants.map((variant) => variant.VariantName);
    checkShadows(request, (model) => containersOf(this.models.find(model).request));
    const asyncOutput = request.AsyncInferenceConfig?.OutputConfig;
    if (asyncOutput !== undefined && asyncOutput.S3OutputPath === undefined)
      throw validationError('AsyncInferenceConfig needs OutputConfig.S3OutputPath.');
    validateExplainer(request);
    if (new Set(names).size < names.length)
      throw validationError('Variant names must be unique within an endpoint configuration.');
    for (const variant of variants) {
      if (variant.ModelName === undefined) checkForComponents(request, variant);
      const containers =
        variant.ModelName === undefined ? [] : containersOf(this.models.find(variant.ModelName).request);
      if (variant.ServerlessConfig !== undefined && containers.some((one) => one.ModelDataSource !== undefined)) {
        throw validationError(
          `Variant ${variant.VariantName} is serverless, which ModelDataSource is not supported for.`,
        );
      }
      if (
        variant.ServerlessConfig === undefined &&
        ((variant.InstanceType === undefined) === (variant.InstancePools === undefined) ||
          variant.InitialInstanceCount === undefined)
      ) {
        throw validationError(
          `Variant ${variant.VariantName} needs InstanceType or InstancePools with InitialInstanceCount, or ServerlessConfig.`,
        );
      }
    }
    if (request.ProductionVariants!.every((variant) => variant.InitialVariantWeight === 0)) {
      throw validationError('The sum of the InitialVariantWeight of all variants must be greater than 0.');
    }
    this.context.state.endpointConfigs[name] = { arn, request, created: now() };
    saveTags(this.context, arn, request.Tags);
    this.context.save();
    return { EndpointConfigArn: arn };
  }

  private describe(name: string): object {
    const { arn, created, request } = this.find(name);
    const rest = withoutTags(request);
    const weighted = (variants: ProductionVariant[] | undefined): ProductionVariant[] | undefined =>
      variants?.map((variant) => ({ InitialVariantWeight: 1, ...variant }));
    return {
      EnableNetworkIsolation: false,
      ...rest,
      ProductionVariants: weighted(rest.ProductionVariants),
      ShadowProductionVariants: weighted(rest.ShadowProductionVariants),
      EndpointConfigArn: arn,
      CreationTime: created,
    };
  }

  private delete(name: string): object {
    const { arn } = this.find(name);
    const user = Object.values(this.context.state.endpoints).find(
      (endpoint) => isInProgress(endpoint) && [endpoint.configName, endpoint.pendingConfigName].includes(name),
    );
    if (user !== undefined) {
      throw validationError(
        `Cannot delete endpoint configuration "${arn}": endpoint "${user.arn}" is ${user.status} with it.`,
      );
    }
    delete this.context.state.tags[arn];
    delete this.context.state.endpointConfigs[name];
    this.context.save();
    return {};
  }

  private list(request: ListEndpointConfigsInput): object {
    const { page: found, ...next } = page(
      Object.entries(this.context.state.endpointConfigs).map(([name, record]) => ({ ...record, name })),
      request,
    );
    return {
      EndpointConfigs: found.map((record) => ({
        EndpointConfigName: record.name,
        EndpointConfigArn: record.arn,
        CreationTime: record.created,
      })),
      ...next,
    };
  }
}
