import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * What the services' tables keep of what is gone, as AWS does: nobody can delete it, nobody pays for it, and it expires.
 * Named `service table`.
 */
const RECORDS = [
  'cloudformation stacks',
  'cloudformation stack_events',
  'cloudformation change_sets',
  'cloudwatch metrics',
  'cloudwatch alarm_history',
  'stepfunctions executions',
  'stepfunctions map_runs',
  'sagemaker trainingJobs',
  'sagemaker processingJobs',
];

/** One row of a service's table. */
export interface Thing {
  /** `service table`, in the local services' own words. */
  readonly kind: string;
  /** Name, ARN or id. */
  readonly name: string;
  readonly value: unknown;
}

/**
 * Everything that the local AWS and the local SageMaker hold, read from what they saved when they ended. Not asked by
 * their APIs: a list of calls would miss what nobody thought of.
 */
export function inventory(stateDir: string): Thing[] {
  return [...localAws(join(stateDir, 'aws', 'services')), ...localSageMaker(join(stateDir, 'sagemaker', 'state.json'))];
}

/** Whether it is only a record of something that is over. */
export function isRecord({ kind, name, value }: Thing): boolean {
  if (kind === 'sagemaker tags') return /:(training|processing)-job\//.test(name);
  return RECORDS.includes(kind) && !isRunning(value);
}

function isRunning(value: unknown): boolean {
  const { status, StackStatus } = (value ?? {}) as { readonly status?: string; readonly StackStatus?: string };
  return status === 'RUNNING' || status === 'InProgress' || (StackStatus ?? 'DELETE_COMPLETE') !== 'DELETE_COMPLETE';
}

function localAws(folder: string): Thing[] {
  return readdirSync(folder).flatMap((file) => {
    const saved = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, unknown>;
    const service = basename(file, '.json');
    return Object.entries((saved.payload ?? saved) as Record<string, unknown>).flatMap(([table, content]) =>
      rows(content).map(([key, value]) => ({ kind: `${service} ${table}`, name: plainName(key), value })),
    );
  });
}

function localSageMaker(file: string): Thing[] {
  const state = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>;
  return Object.entries(state).flatMap(([table, content]) =>
    Object.entries(content).map(([name, value]) => ({ kind: `sagemaker ${table}`, name, value })),
  );
}

function rows(content: unknown): [string, unknown][] {
  if (typeof content !== 'object' || content === null) return [];
  return Object.entries('data' in content ? (content.data as object) : content);
}

/** Keys are `account\0region\0'name'`, as Python writes the name. */
function plainName(key: string): string {
  return key
    .split('\0')
    .at(-1)!
    .replace(/^'(.*)'$/, '$1');
}
