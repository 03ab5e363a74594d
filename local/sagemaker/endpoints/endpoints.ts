import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateEndpointInput,
  EndpointStatus,
  ListEndpointsInput,
  UpdateEndpointInput,
  UpdateEndpointWeightsAndCapacitiesInput,
  VariantPropertyType,
} from '@aws-sdk/client-sagemaker';
import { validationError } from '../api/api-error';
import { LISTING, NAME } from '../api/common-shapes';
import { page } from '../api/listing';
import { Operation, operation } from '../api/operation';
import { oneOf, structure } from '../api/shapes';
import { saveTags } from '../api/tags';
import { Context, now } from '../system/context';
import { checkDeployment } from './deployment-policy';
import { EndpointConfigs } from './endpoint-configs';
import { describeEndpoint } from './endpoint-description';
import { LiveEndpoint } from './live-endpoint';
import { allVariants, EndpointRecord, FleetSpecification, isInProgress } from './records';
import { CREATE_ENDPOINT, UPDATE_ENDPOINT, UPDATE_WEIGHTS } from './requests';

const BY_NAME = structure({ 'EndpointName!': NAME });

/** The endpoint operations and the endpoints themselves. */
export class Endpoints {
  private readonly live = new Map<string, LiveEndpoint>();

  readonly operations: Readonly<Record<string, Operation>> = {
    CreateEndpoint: operation(CREATE_ENDPOINT, (request: CreateEndpointInput) => this.create(request)),
    UpdateEndpoint: operation(UPDATE_ENDPOINT, (request: UpdateEndpointInput) => this.update(request)),
    UpdateEndpointWeightsAndCapacities: operation(UPDATE_WEIGHTS, (request: UpdateEndpointWeightsAndCapacitiesInput) =>
      this.updateWeights(request),
    ),
    DescribeEndpoint: operation(BY_NAME, (request: { EndpointName: string }) =>
      describeEndpoint(this.context, this.find(request.EndpointName)),
    ),
    DeleteEndpoint: operation(BY_NAME, (request: { EndpointName: string }) => this.delete(request.EndpointName)),
    ListEndpoints: operation(
      structure({ ...LISTING, StatusEquals: oneOf(...Object.values(EndpointStatus)) }),
      (request: ListEndpointsInput) => this.list(request),
    ),
  };

  constructor(
    private readonly context: Context,
    private readonly configs: EndpointConfigs,
  ) {
    for (const record of Object.values(context.state.endpoints)) this.bringBack(record);
  }

  /** The endpoint that takes invocations under a name; undefined when there is none. */
  serving(name: string): LiveEndpoint | undefined {
    const endpoint = this.live.get(name);
    return endpoint !== undefined &&
      ['InService', 'Updating', 'RollingBack', 'SystemUpdating'].includes(endpoint.record.status)
      ? endpoint
      : undefined;
  }

  /** Stops every serving process; the endpoints come back with the next start. */
  async close(): Promise<void> {
    await Promise.all([...this.live.values()].map((endpoint) => endpoint.close()));
  }

  private bringBack(record: EndpointRecord): void {
    this.removeFiles(record.name, record.fleet?.id);
    const endpoint = new LiveEndpoint(this.context, record);
    this.live.set(record.name, endpoint);
    if (record.status === 'Deleting') return endpoint.delete(() => this.forget(record));
    if (record.pendingConfigName !== undefined && record.pendingConfigName !== record.configName) {
      record.failureReason = `The update to ${record.pendingConfigName} was cut off by a restart of the local SageMaker.`;
    }
    record.pendingConfigName = record.pendingSince = undefined;
    if (record.fleet !== undefined && record.status !== 'Failed') return endpoint.restore();
    if (record.status === 'Creating') {
      record.failureReason =
        'The local SageMaker ended while the endpoint was being created; delete it and create it again.';
    }
    record.status = 'Failed';
  }

  private create(request: CreateEndpointInput): object {
    const name = request.EndpointName!;
    const arn = this.context.arn('endpoint', name);
    if (this.live.has(name)) throw validationError(`Cannot create already existing endpoint "${arn}".`);
    const specification = this.configs.fleetOn(request.EndpointConfigName!, name);
    checkDeployment(
      request.DeploymentConfig,
      specification.variants.map(({ variant }) => variant),
    );
    const record: EndpointRecord = {
      arn,
      name,
      created: now(),
      modified: now(),
      status: 'Creating',
      configName: request.EndpointConfigName!,
      capacities: {},
      lastDeploymentConfig: request.DeploymentConfig,
    };
    const endpoint = new LiveEndpoint(this.context, record);
    this.context.state.endpoints[name] = record;
    this.live.set(name, endpoint);
    saveTags(this.context, arn, request.Tags);
    this.context.save();
    this.context.log(`endpoint ${name}: Creating on ${record.configName}`);
    endpoint.create(specification);
    return { EndpointArn: arn };
  }

  private update(request: UpdateEndpointInput): object {
    const endpoint = this.settled(request.EndpointName!);
    const specification = this.configs.fleetOn(request.EndpointConfigName!, endpoint.record.name);
    const deployment =
      request.DeploymentConfig ?? (request.RetainDeploymentConfig ? endpoint.record.lastDeploymentConfig : undefined);
    checkDeployment(
      deployment,
      specification.variants.map(({ variant }) => variant),
    );
    this.refuseScaled(endpoint.record, specification);
    const excluded = (request.ExcludeRetainedVariantProperties ?? []).map((entry) => entry.VariantPropertyType!);
    const retained = request.RetainAllVariantProperties
      ? Object.values(VariantPropertyType).filter((property) => !excluded.includes(property))
      : [];
    endpoint.update(specification, deployment, retained);
    return { EndpointArn: endpoint.record.arn };
  }

  /** Application Auto Scaling counts instances of one kind. */
  private refuseScaled({ name, arn, fleet }: EndpointRecord, next: FleetSpecification): void {
    for (const { variant } of next.variants) {
      const present = fleet?.variants.find((entry) => entry.variant.VariantName === variant.VariantName)?.variant;
      const target = this.context.state.scalableTargets[`endpoint/${name}/variant/${variant.VariantName}`];
      if (target === undefined || present?.InstanceType === variant.InstanceType) continue;
      throw validationError(
        `The instance type of variant "${variant.VariantName}" of endpoint "${arn}" cannot change while the variant is ` +
          'registered as a scalable target. Deregister it from Application Auto Scaling and try again.',
      );
    }
  }

  private updateWeights(request: UpdateEndpointWeightsAndCapacitiesInput): object {
    const endpoint = this.settled(request.EndpointName!);
    const { record } = endpoint;
    for (const wish of request.DesiredWeightsAndCapacities!) {
      const variant = allVariants(record.fleet).find(
        (entry) => entry.variant.VariantName === wish.VariantName,
      )?.variant;
      if (variant === undefined)
        throw validationError(`Could not find variant "${wish.VariantName}" in endpoint "${record.arn}".`);
      const present = record.capacities[wish.VariantName!] ?? {
        weight: variant.InitialVariantWeight ?? 1,
        count: variant.InitialInstanceCount ?? 1,
      };
      record.capacities[wish.VariantName!] = {
        weight: wish.DesiredWeight ?? present.weight,
        count: wish.DesiredInstanceCount ?? present.count,
      };
    }
    record.modified = now();
    this.context.save();
    endpoint.adjust();
    return { EndpointArn: record.arn };
  }

  /** Sets how many instances a variant is to have, as scaling does. */
  setCount(name: string, variantName: string, count: number): void {
    const endpoint = this.find(name);
    const { capacities, fleet } = endpoint.record;
    const variant = fleet?.variants.find((entry) => entry.variant.VariantName === variantName)?.variant;
    const weight = capacities[variantName]?.weight ?? variant?.InitialVariantWeight ?? 1;
    capacities[variantName] = { weight, count };
    endpoint.adjust();
  }

  private delete(name: string): object {
    const endpoint = this.find(name);
    if (isInProgress(endpoint.record))
      throw validationError(`Cannot update in-progress endpoint "${endpoint.record.arn}".`);
    const components = Object.values(this.context.state.inferenceComponents).filter((one) => one.endpointName === name);
    if (components.length > 0) {
      throw validationError(
        `Cannot delete endpoint "${endpoint.record.arn}" while it has inference components: ${components.map((one) => one.name).join(', ')}. Delete them first.`,
      );
    }
    endpoint.delete(() => this.forget(endpoint.record));
    return {};
  }

  private forget(record: EndpointRecord): void {
    this.live.delete(record.name);
    delete this.context.state.endpoints[record.name];
    delete this.context.state.tags[record.arn];
    this.context.save();
    this.removeFiles(record.name);
  }

  /** Removes an endpoint's files, but for those of one fleet. */
  private removeFiles(name: string, keep?: string): void {
    const folder = join(this.context.options.stateDir, 'endpoints', name);
    if (keep === undefined) return rmSync(folder, { recursive: true, force: true });
    if (!existsSync(folder)) return;
    for (const fleet of readdirSync(folder)) if (fleet !== keep) rmSync(join(folder, fleet), { recursive: true });
  }

  private list(request: ListEndpointsInput): object {
    const { page: found, ...next } = page(Object.values(this.context.state.endpoints), request);
    return {
      Endpoints: found.map((record) => ({
        EndpointName: record.name,
        EndpointArn: record.arn,
        CreationTime: record.created,
        LastModifiedTime: record.modified,
        EndpointStatus: record.status,
      })),
      ...next,
    };
  }

  private find(name: string): LiveEndpoint {
    const endpoint = this.live.get(name);
    if (endpoint === undefined)
      throw validationError(`Could not find endpoint "${this.context.arn('endpoint', name)}".`);
    return endpoint;
  }

  /** An endpoint that is not on its way and has not failed. */
  private settled(name: string): LiveEndpoint {
    const endpoint = this.find(name);
    const { status, arn } = endpoint.record;
    if (isInProgress(endpoint.record)) throw validationError(`Cannot update in-progress endpoint "${arn}".`);
    if (status !== 'InService')
      throw validationError(`Cannot update endpoint "${arn}" in status ${status}; delete it and create it again.`);
    return endpoint;
  }
}
