import { PeerProcess } from './peers/peer-process';
import { Result } from './result';
import { Sizes } from './sizes';

/** What a part of the benchmarks works with. */
export interface Bench {
  readonly sizes: Sizes;
  /** A folder on the disk that is measured; removed at the end. */
  readonly folder: string;
  /** Starts the peers' Python with as many threads for torch; installs it at the first call. */
  peers(threads: number): Promise<PeerProcess>;
  /** Notes which versions of the peers were measured, for the last line. */
  readonly usedVersions: (versions: Readonly<Record<string, string>>) => void;
  /** Tells what is being done. */
  readonly report: (line: string) => void;
}

/** Measures one of the things that must be reached. */
export type Part = (bench: Bench) => Promise<Result[]>;
