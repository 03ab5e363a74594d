import { StepExecutor } from '../../step-context';

let last: Promise<unknown> = Promise.resolve();

/** Makes an executor wait for those before it: they share one kernel memory, which is handed out in order. */
export function oneAtATime(execute: StepExecutor): StepExecutor {
  return (step, context) => {
    const done = last.then(() => execute(step, context));
    last = done.catch(() => undefined);
    return done;
  };
}
