import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateInferenceComponentInput,
  ListInferenceComponentsInput,
  UpdateInferenceComponentInput,
  UpdateInferenceComponentRuntimeConfigInput,
} from '@aws-sdk/client-sagemaker';
import { validationError } from '../api/api-error';
import { page } from '../api/listing';
import { Operation, operation } from '../api/operation';
import { saveTags } from '../api/tags';
import { Endpoints } from '../endpoints/endpoints';
import { LiveEndpoint } from '../endpoints/live-endpoint';
import { Models } from '../endpoints/models';
import { isInProgress } from '../endpoints/records';
import { Context, now } from '../system/context';
import { componentFleet, rollingUpdate } from './component-fleet';
import { describeComponent, statusOf, summarizeComponent } from './describe-component';
import { InferenceComponentRecord } from './records';
import * as shapes from './requests';

interface Named {
  readonly InferenceComponentName: string;
}

/** A component that takes requests. */
export interface ServingComponent {
  readonly live: LiveEndpoint;
  readonly variantName: string;
}

/** The inference component operations, and the components themselves. */
export class InferenceComponents {
  private readonly live = new Map<string, LiveEndpoint>();

  readonly operations: Readonly<Record<string, Operation>> = {
    CreateInferenceComponent: operation(shapes.CREATE_INFERENCE_COMPONENT, (request: CreateInferenceComponentInput) =>
      this.create(request),
    ),
    UpdateInferenceComponent: operation(shapes.UPDATE_INFERENCE_COMPONENT, (request: UpdateInferenceComponentInput) =>
      this.update(request),
    ),
    UpdateInferenceComponentRuntimeConfig: operation(
      shapes.UPDATE_RUNTIME,
      ({ InferenceComponentName: name, DesiredRuntimeConfig }: UpdateInferenceComponentRuntimeConfigInput) => {
        const { arn } = this.settled(name!);
        this.setCount(name!, DesiredRuntimeConfig!.CopyCount!);
        return { InferenceComponentArn: arn };
      },
    ),
    DescribeInferenceComponent: operation(shapes.BY_NAME, ({ InferenceComponentName: name }: Named) =>
      describeComponent(this.find(name), this.live.get(name)!),
    ),
    DeleteInferenceComponent: operation(shapes.BY_NAME, ({ InferenceComponentName: name }: Named) => this.delete(name)),
    ListInferenceComponents: operation(
      shapes.LIST_INFERENCE_COMPONENTS,
      (request: Omit<ListInferenceComponentsInput, 'SortBy'>) => this.list(request),
    ),
  };

  constructor(
    private readonly context: Context,
    private readonly endpoints: Endpoints,
    private readonly models: Models,
  ) {
    for (const record of Object.values(context.state.inferenceComponents)) this.bringBack(record);
  }

  /** The component of an endpoint that takes requests under a name; undefined when there is none. */
  serving(endpointName: string, name: string): ServingComponent | undefined {
    const record = this.context.state.inferenceComponents[name];
    if (record?.endpointName !== endpointName || !['InService', 'Updating'].includes(statusOf(record)))
      return undefined;
    return { live: this.live.get(name)!, variantName: record.variantName };
  }

  /** How many copies a component is to have; undefined when there is none of this name. */
  countOf(name: string): number | undefined {
    return this.context.state.inferenceComponents[name]?.copies.capacities[name].count;
  }

  /** Sets how many copies a component is to have. */
  setCount(name: string, count: number): void {
    const { copies } = this.find(name);
    copies.capacities[name] = { weight: 1, count };
    copies.modified = now();
    this.context.save();
    this.live.get(name)!.adjust();
  }

  /** Stops every copy; they come back with the next start. */
  async close(): Promise<void> {
    await Promise.all([...this.live.values()].map((component) => component.close()));
  }

  private bringBack(record: InferenceComponentRecord): void {
    const { copies, name } = record;
    this.removeFiles(name, copies.fleet?.id);
    const live = new LiveEndpoint(this.context, copies);
    this.live.set(name, live);
    if (copies.status === 'Deleting') return live.delete(() => this.forget(record));
    if (copies.pendingConfigName !== undefined)
      copies.failureReason = 'The update was cut off by a restart of the local SageMaker.';
    copies.pendingConfigName = copies.pendingSince = undefined;
    if (copies.fleet !== undefined && copies.status !== 'Failed')
      return live.isAsleep ? live.take(copies.fleet) : live.restore();
    if (copies.status === 'Creating') {
      copies.failureReason =
        'The local SageMaker ended while the component was being created; delete it and create it again.';
    }
    copies.status = 'Failed';
  }

  private create(request: CreateInferenceComponentInput): object {
    const { InferenceComponentName: name, EndpointName: endpointName, Specification: specification } = request;
    const arn = this.context.arn('inference-component', name!);
    if (this.live.has(name!)) throw validationError(`Cannot create already existing inference component "${arn}".`);
    const { endpointArn, variantName } = this.placeOf(endpointName!, request.VariantName);
    const count = request.RuntimeConfig?.CopyCount ?? 1;
    const fleet = componentFleet(this.models, name!, specification!, count);
    const record: InferenceComponentRecord = {
      arn,
      name: name!,
      endpointName: endpointName!,
      endpointArn,
      variantName,
      specifications: { [fleet.configName]: specification! },
      copies: {
        arn,
        name: `${endpointName}/${name}`,
        created: now(),
        modified: now(),
        status: 'Creating',
        configName: fleet.configName,
        capacities: { [name!]: { weight: 1, count } },
      },
    };
    const live = new LiveEndpoint(this.context, record.copies);
    this.context.state.inferenceComponents[name!] = record;
    this.live.set(name!, live);
    saveTags(this.context, arn, request.Tags);
    this.context.save();
    if (count === 0) live.take(fleet);
    else live.create(fleet);
    return { InferenceComponentArn: arn };
  }

  /** Where a component is to run: on a variant without a model of an endpoint that is in service. */
  private placeOf(endpointName: string, wanted: string | undefined): { endpointArn: string; variantName: string } {
    const endpoint = this.endpoints.serving(endpointName)?.record;
    if (endpoint === undefined)
      throw validationError(`Could not find endpoint "${this.context.arn('endpoint', endpointName)}" in service.`);
    const variants = endpoint.fleet!.variants.map(({ variant }) => variant);
    const variant = variants.find(({ VariantName }) => wanted === undefined || VariantName === wanted);
    if (variant === undefined)
      throw validationError(`Could not find variant "${wanted}" in endpoint "${endpoint.arn}".`);
    if (variant.ModelName !== undefined) {
      throw validationError(
        `Variant "${variant.VariantName}" of endpoint "${endpoint.arn}" has a model, so that no inference component can run on it.`,
      );
    }
    return { endpointArn: endpoint.arn, variantName: variant.VariantName! };
  }

  private update(request: UpdateInferenceComponentInput): object {
    const { InferenceComponentName: name, Specification: specification } = request;
    const record = this.settled(name!);
    const count = request.RuntimeConfig?.CopyCount ?? record.copies.capacities[name!].count;
    const deployment = rollingUpdate(request.DeploymentConfig);
    if (specification === undefined) {
      this.setCount(name!, count);
      return { InferenceComponentArn: record.arn };
    }
    const fleet = componentFleet(this.models, name!, specification, count);
    const { copies } = record;
    for (const old of Object.keys(record.specifications))
      if (old !== copies.configName) delete record.specifications[old];
    record.specifications[fleet.configName] = specification;
    record.lastDeploymentConfig = request.DeploymentConfig;
    copies.capacities[name!] = { weight: 1, count };
    const live = this.live.get(name!)!;
    if (count === 0) live.take(fleet);
    else live.update(fleet, deployment, ['DesiredInstanceCount', 'DesiredWeight']);
    return { InferenceComponentArn: record.arn };
  }

  private delete(name: string): object {
    const record = this.find(name);
    if (isInProgress(record.copies))
      throw validationError(`Cannot update in-progress inference component "${record.arn}".`);
    this.live.get(name)!.delete(() => this.forget(record));
    return {};
  }

  private forget({ name, arn }: InferenceComponentRecord): void {
    this.live.delete(name);
    delete this.context.state.inferenceComponents[name];
    delete this.context.state.tags[arn];
    this.context.save();
    this.removeFiles(name);
  }

  /** Removes a component's files, but for those of one fleet. */
  private removeFiles(name: string, keep?: string): void {
    const folder = join(this.context.options.stateDir, 'components', name);
    if (keep === undefined) return rmSync(folder, { recursive: true, force: true });
    if (!existsSync(folder)) return;
    for (const fleet of readdirSync(folder)) if (fleet !== keep) rmSync(join(folder, fleet), { recursive: true });
  }

  private list(request: Omit<ListInferenceComponentsInput, 'SortBy'>): object {
    const { EndpointNameEquals: endpoint, VariantNameEquals: variant } = request;
    const wanted = Object.values(this.context.state.inferenceComponents).filter(
      (record) =>
        (endpoint === undefined || record.endpointName === endpoint) &&
        (variant === undefined || record.variantName === variant),
    );
    const { page: found, ...next } = page(
      wanted.map((record) => ({ ...record, status: statusOf(record), created: record.copies.created })),
      request,
    );
    return { InferenceComponents: found.map(summarizeComponent), ...next };
  }

  private find(name: string): InferenceComponentRecord {
    const record = this.context.state.inferenceComponents[name];
    if (record !== undefined) return record;
    throw validationError(`Could not find inference component "${this.context.arn('inference-component', name)}".`);
  }

  /** A component that is not on its way and has not failed. */
  private settled(name: string): InferenceComponentRecord {
    const record = this.find(name);
    if (isInProgress(record.copies))
      throw validationError(`Cannot update in-progress inference component "${record.arn}".`);
    if (record.copies.status === 'Failed')
      throw validationError(
        `Cannot update inference component "${record.arn}", which has failed; delete it and create it again.`,
      );
    return record;
  }
}
