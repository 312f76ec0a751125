import type { MachineDescription, MachineWatch } from './machine.js';
import type { Owned } from './owned.js';

export type Row = Readonly<Record<string, string | number>>;

/** What a figure should be. */
export interface Target {
  readonly figure: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Measured {
  /** By name; names stay, and end in the unit. */
  readonly figures: Readonly<Record<string, number>>;
  readonly rows: readonly Row[];
}

export interface BenchContext {
  /** Repetitions of what is compared, undefined = the benchmark's own choice. */
  readonly runs: number | undefined;
  /** Little of everything: to see that the benchmark works. */
  readonly quick: boolean;
  /** Also what takes many minutes. */
  readonly full: boolean;
  /** Folder in which the hosts of this benchmark have their roots. */
  readonly folder: string;
  readonly watch: MachineWatch;
  readonly owned: Owned;
  /** Says what is being done. */
  readonly note: (text: string) => void;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  readonly targets: readonly Target[];
  run(context: BenchContext): Promise<Measured>;
}

/** What `--json` prints. */
export interface BenchReport extends Measured {
  readonly bench: string;
  readonly machine: MachineDescription;
}
