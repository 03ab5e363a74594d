import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { InferenceComponentRecord } from '../components/records';
import { EndpointConfigRecord, EndpointRecord, ModelRecord, ScalableTargetRecord } from '../endpoints/records';
import { ProcessingJobRecord, TrainingJobRecord } from '../jobs/records';
import { ModelPackageGroupRecord, ModelPackageRecord } from '../registry/records';

/** Everything the server knows, by name. Plain JSON. */
export interface State {
  trainingJobs: Record<string, TrainingJobRecord>;
  processingJobs: Record<string, ProcessingJobRecord>;
  models: Record<string, ModelRecord>;
  endpointConfigs: Record<string, EndpointConfigRecord>;
  endpoints: Record<string, EndpointRecord>;
  inferenceComponents: Record<string, InferenceComponentRecord>;
  modelPackageGroups: Record<string, ModelPackageGroupRecord>;
  /** By ARN. */
  modelPackages: Record<string, ModelPackageRecord>;
  scalableTargets: Record<string, ScalableTargetRecord>;
  /** Tags by ARN. */
  tags: Record<string, Record<string, string>>;
}

/** The state, kept in one file that is replaced whole, so that a killed server leaves the last good one. */
export class StateFile {
  readonly state: State;

  constructor(private readonly path: string) {
    const saved = this.read();
    this.state = {
      trainingJobs: record(saved.trainingJobs),
      processingJobs: record(saved.processingJobs),
      models: record(saved.models),
      endpointConfigs: record(saved.endpointConfigs),
      endpoints: record(saved.endpoints),
      inferenceComponents: record(saved.inferenceComponents),
      modelPackageGroups: record(saved.modelPackageGroups),
      modelPackages: record(saved.modelPackages),
      scalableTargets: record(saved.scalableTargets),
      tags: record(saved.tags),
    };
  }

  /** Writes what `state` holds now. */
  save(): void {
    const temporary = `${this.path}.new`;
    writeFileSync(temporary, JSON.stringify(this.state));
    renameSync(temporary, this.path);
  }

  private read(): Partial<State> {
    mkdirSync(dirname(this.path), { recursive: true });
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
    try {
      return JSON.parse(text) as Partial<State>;
    } catch (error) {
      throw new Error(
        `the state file ${this.path} is damaged (${(error as Error).message}); remove it to start afresh`,
        { cause: error },
      );
    }
  }
}

/** Names come from outside, and "constructor" is one that the API allows: nothing may be inherited. */
function record<T>(saved: Record<string, T> | undefined): Record<string, T> {
  return Object.assign(Object.create(null) as Record<string, T>, saved);
}
