import { Json, MachineDefinition } from './definition';

type Interpreter = import('aws-local-stepfunctions').StateMachine;
type Definition = ConstructorParameters<typeof import('aws-local-stepfunctions').StateMachine>[0];
type JsonValue = Parameters<Interpreter['run']>[0];
type Context = NonNullable<NonNullable<Parameters<Interpreter['run']>[1]>['context']>;

/** What a Task does: gets the state's effective input, gives its result or throws. */
export type TaskHandler = (input: Json) => unknown;

export interface Execution {
  /** Names of the states that were entered, in order; those of map items too. */
  readonly path: string[];
  /** The inputs of every Task, by state. */
  readonly inputs: Record<string, Json[]>;
  readonly output?: unknown;
  readonly error?: string;
  readonly cause?: string;
}

/** An error with the name that Step Functions would see. */
export function fault(name: string, message = `${name} happened`): Error {
  return Object.assign(new Error(message), { name });
}

/** What an execution is known by. */
export interface ExecutionIdentity {
  readonly machine?: string;
  readonly name?: string;
  readonly startTime?: string;
}

/** ARN of an execution. */
export function executionArn({ machine = 'build', name = 'run-1' }: ExecutionIdentity): string {
  return `arn:aws:states:us-east-1:111122223333:execution:${machine}:${name}`;
}

/**
 * Executes a definition. Every Task needs a handler, so that nothing is skipped unseen; waits and retries take no time.
 */
export async function execute(
  definition: MachineDefinition,
  input: unknown,
  handlers: Record<string, TaskHandler>,
  identity: ExecutionIdentity = {},
): Promise<Execution> {
  const machine = interpreters.get(definition) ?? (await prepare(definition));
  const { name = 'run-1', startTime = '2026-11-25T12:00:00.000Z' } = identity;
  const states = allStates(definition);
  const tasks = Object.keys(states).filter((name) => (states[name].Type as unknown) === 'Task');
  const inputs: Record<string, Json[]> = {};
  const local = Object.fromEntries(
    tasks.map((name) => [
      name,
      async (given: JsonValue): Promise<JsonValue> => {
        const taskInput = given as unknown as Json;
        (inputs[name] ??= []).push(taskInput);
        const handler = handlers[name];
        if (handler === undefined) throw fault('NoHandler', `the test has no handler for ${name}`);
        return handler(taskInput) as JsonValue;
      },
    ]),
  );
  const run = machine.run(input as JsonValue, {
    overrides: {
      taskResourceLocalHandlers: local,
      waitTimeOverrides: Object.fromEntries(Object.keys(states).map((name) => [name, 0])),
      retryIntervalOverrides: Object.fromEntries(Object.keys(states).map((name) => [name, 0])),
    },
    context: {
      Execution: {
        Id: executionArn(identity),
        Name: name,
        Input: input,
        RedriveCount: 0,
        [START_TIME]: startTime,
      },
    } as unknown as Context,
  });
  const path: string[] = [];
  const watching = (async (): Promise<void> => {
    for await (const event of run.eventLogs as AsyncIterable<{ type: string; state?: { name: string } }>) {
      if (event.type.endsWith('StateEntered')) path.push(event.state?.name ?? 'unnamed');
    }
  })();
  const outcome = await run.result.then(
    (output: unknown) => ({ output }),
    ({ cause: { name, message } }: Error & { cause: Error }) => ({ error: name, cause: message }),
  );
  await watching;
  const missing = JSON.stringify(outcome).includes('NoHandler');
  if (missing) throw new Error(`unexpected task in ${path.join(' > ')}: ${JSON.stringify(outcome)}`);
  return { path, inputs, ...outcome };
}

/** The interpreter lets every execution begin in this moment; under this name it gets another time. */
const START_TIME = 'GivenStartTime';

/** Those made of definitions, by the definition. */
const interpreters = new WeakMap<MachineDefinition, Interpreter>();
/** Forms of definitions that were found right. Checking one takes far longer than executing it. */
const checked = new Set<string>();

/**
 * Makes a definition ready for `execute`, which does so itself where nobody has.
 *
 * @param options.isChecked whether it differs by a name only from one that was found right
 * @throws Error if Step Functions would not take the definition
 */
export async function prepare(
  definition: MachineDefinition,
  { isChecked = false }: { readonly isChecked?: boolean } = {},
): Promise<Interpreter> {
  polyfill();
  const { StateMachine } = await import('aws-local-stepfunctions');
  const timed = JSON.parse(
    JSON.stringify(definition).replaceAll('$$.Execution.StartTime', `$$$$.Execution.${START_TIME}`),
  ) as Definition;
  const form = formOf(definition);
  const made = new StateMachine(timed, {
    validationOptions: { checkArn: false, noValidate: isChecked || checked.has(form) },
  });
  checked.add(form);
  interpreters.set(definition, made);
  return made;
}

/** A definition without the constants that its tasks are given: of two that differ by them, both are right or none. */
function formOf(definition: MachineDefinition): string {
  return JSON.stringify(definition, (key, value: unknown) => (key === 'Parameters' ? withoutConstants(value) : value));
}

function withoutConstants(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return typeof given;
  if (Array.isArray(given)) return given.map(withoutConstants);
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [
      key,
      key.endsWith('.$') ? (value as unknown) : withoutConstants(value),
    ]),
  );
}

function allStates(definition: MachineDefinition): Record<string, Json> {
  return Object.entries(definition.States).reduce<Record<string, Json>>(
    (all, [name, state]) => ({
      ...all,
      [name]: state,
      ...(state.ItemProcessor === undefined ? {} : allStates(state.ItemProcessor as unknown as MachineDefinition)),
    }),
    {},
  );
}

/** The interpreter is made for Node 22. */
function polyfill(): void {
  const constructor = Promise as unknown as { withResolvers?: () => unknown };
  constructor.withResolvers ??= (): unknown => {
    let resolve: unknown;
    let reject: unknown;
    const promise = new Promise((yes, no) => {
      resolve = yes;
      reject = no;
    });
    return { promise, resolve, reject };
  };
}
