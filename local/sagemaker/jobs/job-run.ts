import { ContainerCommand, ContainerProcess, ProcessEnd } from '../system/container-process';

/** SIGKILL follows SIGTERM after so long, as on SageMaker. */
const STOP_GRACE_SECONDS = 120;
const CLOSE_GRACE_SECONDS = 2;

/** Why a job was stopped from outside. */
export type StopCause = 'requested' | 'max-runtime' | 'server-closed';

/** The live part of a job: its process, when there is one, and whether somebody asked it to stop. */
export class JobRun {
  stopCause?: StopCause;
  private container?: ContainerProcess;
  private graceSeconds = STOP_GRACE_SECONDS;

  /** Runs the container to its end, or to a stop after `maxSeconds`. */
  async execute(command: ContainerCommand, maxSeconds: number): Promise<{ end: ProcessEnd; tail: string }> {
    const container = new ContainerProcess(command);
    this.container = container;
    // A timer cannot be set further ahead than 2^31 - 1 milliseconds.
    const timer = setTimeout(() => this.stop('max-runtime'), Math.min(maxSeconds * 1000, 2 ** 31 - 1));
    if (this.stopCause !== undefined) void container.stop(this.graceSeconds);
    const end = await container.ended;
    clearTimeout(timer);
    this.container = undefined;
    return { end, tail: container.tail };
  }

  /** Asks the job to stop; a stop that is under way keeps its cause. */
  stop(cause: StopCause): void {
    this.stopCause ??= cause;
    if (cause === 'server-closed') this.graceSeconds = CLOSE_GRACE_SECONDS;
    void this.container?.stop(this.graceSeconds);
  }
}
