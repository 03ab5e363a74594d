import { ReleaseQueuedError, TurnLostError } from './release-errors';
import { Ledger, LedgerStore, Proven, ReleasedBuild } from './ledger';

export interface TurnRequest {
  readonly ledger: LedgerStore;
  /** ARN of the execution that wants to release. */
  readonly execution: string;
  readonly build: ReleasedBuild;
  /** Whether a newer build that was released already goes before; a release that was asked for by hand does not give way. */
  readonly givesWay: boolean;
  /** Whether an execution may still change the endpoint. */
  readonly isActive: (execution: string) => Promise<boolean>;
  /** What an endpoint from before the first ledger serves. */
  readonly present: () => Promise<Proven>;
}

/** What came of asking for the turn. */
export interface Turn {
  readonly decision: 'Release' | 'Superseded';
  /** Why, in a sentence. */
  readonly reason: string;
}

/**
 * Takes the turn to change the endpoint, of which there is one at a time. An execution that ended without giving it
 * back loses it to the next one that asks.
 *
 * @throws ReleaseQueuedError while another execution has it.
 */
export async function takeTurn(request: TurnRequest): Promise<Turn> {
  const { ledger, execution, build } = request;
  const seen = await ledger.read();
  const holder = seen?.holder;
  const isFree = holder === undefined || holder === execution || !(await request.isActive(holder));
  const { good, component } = seen ?? (await request.present());
  let outcome: 'taken' | 'held' | 'superseded' = 'held';
  let newer: ReleasedBuild | undefined;
  await ledger.update((now) => {
    newer = now?.newest;
    if (now?.holder !== execution && request.givesWay && newer?.artifact !== build.artifact && isNewer(newer, build)) {
      outcome = 'superseded';
      return undefined;
    }
    outcome = now?.holder === execution || (isFree && now?.holder === holder) ? 'taken' : 'held';
    if (outcome === 'held' || now?.holder === execution) return undefined;
    return { ...(now ?? { schemaVersion: 1, good, component }), holder: execution };
  });
  if (outcome === 'held') {
    throw new ReleaseQueuedError(
      `the release ${holder ?? 'of another execution'} is not done; this one waits its turn`,
    );
  }
  return outcome === 'superseded'
    ? {
        decision: 'Superseded',
        reason: `${newer!.artifact}, begun ${newer!.begun}, is newer than this build, begun ${build.begun}, and is released`,
      }
    : { decision: 'Release', reason: 'it is the turn of this release' };
}

/**
 * Refuses to go on for an execution that has lost its turn, such as one that was stopped and started again in its
 * middle after another one had gone on.
 *
 * @throws TurnLostError
 */
export async function requireTurn(ledger: LedgerStore, execution: string): Promise<Ledger> {
  const present = await ledger.read();
  if (present?.holder === execution) return present;
  throw new TurnLostError(
    `it is the turn of ${present?.holder ?? 'no release'}, not of ${execution}; start a new release instead`,
  );
}

/** Notes what has proved itself. Answers false when the execution has lost its turn, having done so before or not. */
export async function notePromotion(
  ledger: LedgerStore,
  execution: string,
  proven: Proven,
  build: ReleasedBuild,
): Promise<boolean> {
  let isOwn = false;
  await ledger.update((now) => {
    isOwn = now?.holder === execution;
    if (!isOwn) return undefined;
    return { ...now!, ...proven, newest: isNewer(now!.newest, build) ? now!.newest : build };
  });
  return isOwn;
}

/** Gives the turn back. Doing so twice, or after it was lost, changes nothing. */
export async function endTurn(ledger: LedgerStore, execution: string): Promise<void> {
  await ledger.update((now) => {
    if (now?.holder !== execution) return undefined;
    const { holder: _mine, ...rest } = now;
    return rest;
  });
}

function isNewer(one: ReleasedBuild | undefined, other: ReleasedBuild): boolean {
  return one !== undefined && Date.parse(one.begun) > Date.parse(other.begun);
}
