import { setTimeout as sleep } from 'node:timers/promises';
import { DeploymentConfig, VariantPropertyType } from '@aws-sdk/client-sagemaker';
import { Context, now } from '../system/context';
import { ALARM_INTERVAL_MS, findAlarm } from './alarms';
import { trafficSteps } from './deployment-policy';
import { Fleet, LiveVariant } from './fleet';
import { allVariants, EndpointRecord, EndpointStatus, FleetSpecification } from './records';

const MAX_REASON_CHARACTERS = 1024;

/** The server is closing: whatever was under way stays as it is on disk. */
class ClosingError extends Error {}

/** The moving part of an endpoint: its fleets, where its traffic goes, and its way from state to state. */
export class LiveEndpoint {
  /** What the variants are doing, for DescribeEndpoint. */
  stage?: 'Creating' | 'ActivatingTraffic' | 'Baking';
  private routes: { fleet: Fleet; share: number }[] = [];
  private readonly fleets = new Set<Fleet>();
  private readonly closing = new AbortController();
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: Context,
    readonly record: EndpointRecord,
  ) {}

  /** Starts the first fleet: Creating, then InService or Failed. */
  create(specification: FleetSpecification): void {
    this.begin(async () => {
      this.stage = 'Creating';
      const fleet = this.add(specification);
      try {
        await fleet.start();
      } catch (error) {
        this.checkOpen();
        await this.remove(fleet);
        return this.enter('Failed', (error as Error).message);
      }
      this.checkOpen();
      this.serve(fleet);
    });
  }

  /** Brings the fleet of an earlier life back: SystemUpdating, then InService or Failed. */
  restore(): void {
    this.enter('SystemUpdating', this.record.failureReason);
    this.begin(async () => {
      const fleet = this.add(this.record.fleet!);
      try {
        await fleet.start();
      } catch (error) {
        this.checkOpen();
        await fleet.kill();
        return this.enter(
          'Failed',
          `The endpoint could not be brought back after a restart: ${(error as Error).message}`,
        );
      }
      this.checkOpen();
      if (this.isAsleep) await fleet.pause();
      this.serve(fleet, this.record.failureReason);
    });
  }

  /** Starts a second fleet beside the first and moves the traffic over: Updating, then InService on one or the other. */
  update(
    specification: FleetSpecification,
    deployment: DeploymentConfig | undefined,
    retained: readonly VariantPropertyType[],
  ): void {
    const blue = this.routes[0].fleet;
    this.record.pendingConfigName = specification.configName;
    this.record.pendingSince = now();
    this.record.lastDeploymentConfig = deployment;
    this.enter('Updating');
    this.begin(async () => {
      const green = this.add(specification);
      const problem = await this.rollOut(blue, green, deployment);
      this.stage = undefined;
      if (problem !== undefined) {
        this.enter('RollingBack');
        this.routes = [{ fleet: blue, share: 1 }];
        await this.remove(green);
        this.checkOpen();
        this.settle();
        this.enter('InService', problem);
        // Where the update was to bring instances to an endpoint without any, they run what it ran before.
        return this.adjust();
      }
      this.record.capacities = retain(this.record.capacities, specification, retained);
      this.record.configName = specification.configName;
      this.record.fleet = specification;
      this.context.save();
      await this.remove(blue);
      this.checkOpen();
      if (this.isAsleep) await green.pause();
      this.settle();
      this.enter('InService');
    });
  }

  /** Takes a fleet on without starting it, for as long as it is to have no instance. */
  take(specification: FleetSpecification): void {
    this.begin(async () => {
      const before = this.routes[0]?.fleet;
      this.serve(this.add(specification));
      if (before !== undefined) await this.remove(before);
    });
  }

  /** Whether a process is there to answer. */
  get isReady(): boolean {
    return this.routes.some(({ fleet }) => fleet.variants.some(({ process }) => process.address !== undefined));
  }

  /** Whether no variant has an instance. */
  get isAsleep(): boolean {
    const { capacities, fleet } = this.record;
    const variants = fleet?.variants ?? [];
    return variants.length > 0 && variants.every(({ variant }) => capacities[variant.VariantName!]?.count === 0);
  }

  /** Starts or stops the processes where the number of instances has become, or was, none. */
  adjust(): void {
    this.begin(async () => {
      const fleet = this.routes[0]?.fleet;
      if (fleet === undefined || this.record.status !== 'InService') return;
      if (this.isAsleep) return fleet.pause();
      if (fleet.variants.length > 0) return;
      try {
        await fleet.start();
      } catch (error) {
        this.checkOpen();
        // It stays in service, as an endpoint does whose new instance fails; the next request tries again.
        await fleet.pause();
        this.context.log(`endpoint ${this.record.name}: no instance could be started: ${(error as Error).message}`);
      }
    });
  }

  /** Stops everything and then calls `gone`. */
  delete(gone: () => void): void {
    this.enter('Deleting');
    this.begin(async () => {
      this.routes = [];
      await Promise.all([...this.fleets].map((fleet) => this.remove(fleet)));
      gone();
    });
  }

  /** Stops every process at once and leaves the record as it is. */
  async close(): Promise<void> {
    this.closing.abort();
    this.routes = [];
    await Promise.all([...this.fleets].map((fleet) => fleet.kill()));
    await this.work;
    // A fleet may have added a process while the others were being stopped.
    await Promise.all([...this.fleets].map((fleet) => fleet.kill()));
  }

  /** A variant to send one request to, by share of the fleets and weight of the variants; undefined when none fits. */
  route(targetVariant?: string): LiveVariant | undefined {
    const fleet = choose(this.routes, ({ share }) => share)?.fleet;
    const variants = (fleet?.variants ?? []).filter(
      ({ name }) => targetVariant === undefined || name === targetVariant,
    );
    return choose(variants, ({ name }) => (targetVariant === undefined ? this.weightOf(fleet!, name) : 1));
  }

  /** The shadow that gets a copy of this request to a variant, if one does: as often as its weight is a share of the variant's. */
  shadowOf(variant: LiveVariant): LiveVariant | undefined {
    const fleet = [...this.fleets].find(({ variants }) => variants.includes(variant));
    return fleet?.shadows.find(
      ({ name }) => Math.random() < this.weightOf(fleet, name) / this.weightOf(fleet, variant.name),
    );
  }

  private weightOf(fleet: Fleet, name: string): number {
    const configured = allVariants(fleet.specification).find(({ variant }) => variant.VariantName === name)?.variant
      .InitialVariantWeight;
    return this.record.capacities[name]?.weight ?? configured ?? 1;
  }

  /** Returns why the roll-out must be undone, or undefined when the new fleet has all the traffic. */
  private async rollOut(
    blue: Fleet,
    green: Fleet,
    deployment: DeploymentConfig | undefined,
  ): Promise<string | undefined> {
    this.stage = 'Creating';
    try {
      await green.start();
    } catch (error) {
      this.checkOpen();
      return (error as Error).message;
    }
    const alarms = (deployment?.AutoRollbackConfiguration?.Alarms ?? []).map((alarm) => alarm.AlarmName!);
    const variants = green.specification.variants.map(({ variant }) => variant);
    const steps = trafficSteps(deployment, variants);
    // What has no process cannot share the traffic.
    for (const { share, waitSeconds } of blue.variants.length === 0 ? steps.slice(-1) : steps) {
      this.checkOpen();
      this.stage = share < 1 ? 'ActivatingTraffic' : 'Baking';
      this.routes =
        share < 1
          ? [
              { fleet: blue, share: 1 - share },
              { fleet: green, share },
            ]
          : [{ fleet: green, share: 1 }];
      const problem = await this.watch(alarms, waitSeconds);
      if (problem !== undefined) return `The deployment was rolled back: ${problem}`;
    }
    return undefined;
  }

  /** Watches the alarms for a while, at least once. */
  private async watch(alarms: readonly string[], seconds: number): Promise<string | undefined> {
    const deadline = Date.now() + seconds * 1000 * (this.context.options.waitScale ?? 1);
    for (;;) {
      const { cloudWatch, requests, options } = this.context;
      const problem = await findAlarm(cloudWatch, requests, alarms, options.waitScale ?? 1).catch(
        (error: Error) => `the alarms cannot be read: ${error.message}`,
      );
      this.checkOpen();
      if (problem !== undefined) return problem;
      const left = deadline - Date.now();
      if (left <= 0) return undefined;
      await sleep(Math.min(left, alarms.length === 0 ? left : ALARM_INTERVAL_MS), undefined, {
        signal: this.closing.signal,
      }).catch(() => undefined);
      this.checkOpen();
    }
  }

  private serve(fleet: Fleet, failureReason?: string): void {
    this.routes = [{ fleet, share: 1 }];
    this.record.fleet = fleet.specification;
    this.record.configName = fleet.specification.configName;
    this.settle();
    this.enter('InService', failureReason);
  }

  private settle(): void {
    this.stage = undefined;
    this.record.pendingConfigName = undefined;
    this.record.pendingSince = undefined;
  }

  private begin(flow: () => Promise<void>): void {
    const previous = this.work;
    this.work = previous.then(flow).catch((error: Error) => {
      if (error instanceof ClosingError || this.closing.signal.aborted) return;
      this.enter('Failed', `InternalServerError: ${error.message}`);
    });
  }

  private add(specification: FleetSpecification): Fleet {
    const fleet = new Fleet(this.context, this.record.name, specification);
    this.fleets.add(fleet);
    return fleet;
  }

  private async remove(fleet: Fleet): Promise<void> {
    await fleet.stop();
    this.fleets.delete(fleet);
  }

  private checkOpen(): void {
    if (this.closing.signal.aborted) throw new ClosingError();
  }

  private enter(status: EndpointStatus, failureReason?: string): void {
    this.record.status = status;
    this.record.failureReason = failureReason?.slice(0, MAX_REASON_CHARACTERS);
    this.record.modified = now();
    this.context.log(
      `endpoint ${this.record.name}: ${status} on ${this.record.pendingConfigName ?? this.record.configName}${failureReason === undefined ? '' : ` (${failureReason})`}`,
    );
    this.context.save();
  }
}

/** What of counts and weights, where they were set apart from the config's, goes over to the next config. */
function retain(
  capacities: EndpointRecord['capacities'],
  fleet: FleetSpecification,
  retained: readonly VariantPropertyType[],
): EndpointRecord['capacities'] {
  return Object.fromEntries(
    allVariants(fleet).flatMap(({ variant }) => {
      const before = capacities[variant.VariantName!];
      if (before === undefined) return [];
      const count = retained.includes('DesiredInstanceCount') ? before.count : (variant.InitialInstanceCount ?? 1);
      const weight = retained.includes('DesiredWeight') ? before.weight : (variant.InitialVariantWeight ?? 1);
      return [[variant.VariantName!, { count, weight }]];
    }),
  );
}

function choose<T>(entries: readonly T[], weight: (entry: T) => number): T | undefined {
  let left = Math.random() * entries.reduce((sum, entry) => sum + weight(entry), 0);
  return entries.find((entry) => weight(entry) > 0 && (left -= weight(entry)) < 0) ?? entries.at(-1);
}
