import {
  AsyncInferenceConfig,
  ClarifyExplainerConfig,
  ContainerDefinition,
  CreateEndpointConfigInput,
  CreateModelInput,
  DataCaptureConfig,
  DeploymentConfig,
  ProductionVariant,
} from '@aws-sdk/client-sagemaker';

/** What is kept of a model. Times in seconds since 1970, here and below. */
export interface ModelRecord {
  readonly arn: string;
  readonly request: CreateModelInput;
  readonly created: number;
}

export interface EndpointConfigRecord {
  readonly arn: string;
  readonly request: CreateEndpointConfigInput;
  readonly created: number;
}

/** A variant with its model's container, copied when the fleet was made: both may be deleted while the fleet serves. */
export interface FleetVariant {
  readonly variant: ProductionVariant;
  /** Absent where inference components say what runs. */
  readonly container?: ContainerDefinition;
}

/** What a fleet runs, and where its files lie. */
export interface FleetSpecification {
  readonly id: string;
  readonly configName: string;
  /** Whether the one variant stands for the copies of an inference component. */
  readonly isComponent?: boolean;
  readonly variants: readonly FleetVariant[];
  /** Gets copies of requests; nobody sees its answers. */
  readonly shadows?: readonly FleetVariant[];
  readonly dataCapture?: DataCaptureConfig;
  /** Present where requests are answered later. */
  readonly asyncInference?: AsyncInferenceConfig;
  /** Present where predictions are explained. */
  readonly explainer?: ClarifyExplainerConfig;
  /** Folder, relative to the state's. */
  readonly folder: string;
}

export type EndpointStatus =
  | 'Creating'
  | 'Updating'
  | 'SystemUpdating'
  | 'RollingBack'
  | 'InService'
  | 'Deleting'
  | 'Failed'
  | 'UpdateRollbackFailed';

export interface EndpointRecord {
  readonly arn: string;
  readonly name: string;
  readonly created: number;
  modified: number;
  status: EndpointStatus;
  failureReason?: string;
  /** Config in service; while Creating, the one that is to be. */
  configName: string;
  /** Config that an update in progress leads to. */
  pendingConfigName?: string;
  pendingSince?: number;
  /** The fleet that takes traffic and comes back after a restart. */
  fleet?: FleetSpecification;
  /** Counts and weights by variant, where they were set apart from the config's. */
  capacities: Record<string, { weight: number; count: number }>;
  lastDeploymentConfig?: DeploymentConfig;
}

/** What Application Auto Scaling decides on the number of: a variant's instances, or a component's copies. */
export interface ScalableTargetRecord {
  /** `endpoint/<name>/variant/<name>` or `inference-component/<name>`. */
  readonly id: string;
  readonly min: number;
  readonly max: number;
  readonly created: number;
  /** By name, as they were put. */
  readonly policies: Record<string, object>;
}

/** Every variant of a fleet, those in the shadow of others too. */
export const allVariants = (fleet: FleetSpecification | undefined): readonly FleetVariant[] => [
  ...(fleet?.variants ?? []),
  ...(fleet?.shadows ?? []),
];

/** Whether the endpoint is on its way to another state. */
export const isInProgress = (record: EndpointRecord): boolean =>
  ['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting'].includes(record.status);
