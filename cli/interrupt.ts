/** The run was stopped from outside. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(signal: string) {
    super(`stopped by ${signal}; nothing was left behind, run it again to start over`);
  }
}

/** Turns SIGINT and SIGTERM into an abort, so that a run can take back what it began. `forget` restores the default. */
export function onInterrupt(): { readonly signal: AbortSignal; forget(): void } {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => controller.abort(new Interrupted(name));
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return {
    signal: controller.signal,
    forget: () => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
    },
  };
}
