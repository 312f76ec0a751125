import { Entity, type VmClaim } from '../policy/index.js';
import type { Guest, Piece } from './guest.js';

/** A vCPU of the simulator: its guest's present piece, and its times. All µs. */
export class SimWorld {
  readonly entity: Entity<SimWorld>;
  /** Wall time it held a PCPU and was not halted (%RUN). */
  runUs = 0;
  /** Charged: half beside a busy hyper-thread (%USED). */
  usedUs = 0;
  /** Runnable without a PCPU, co-stop included. */
  outUs = 0;
  /** Of `outUs`, held by its VM's limit or a pool's (%MLMTD). */
  limitedUs = 0;
  waitUs = 0;
  /** Guest computing that was of use: not spinning for a sibling. */
  workUs = 0;
  /** Charged and not told to the dispatcher yet. */
  pendingUs = 0;
  piece: Piece = { kind: 'block' };
  /** CPU time that is left of it. */
  leftUs = 0;
  halted = true;
  /** Moves when its piece ends: older timers are void. */
  epoch = 0;
  /** Since when it has no PCPU. */
  sinceUs: number;
  /** When it woke without having had a PCPU since; -1 = it had. */
  wokeAtUs = -1;
  /** Longest time from a wake to a PCPU. */
  longestWakeUs = 0;
  /** PCPUs 0–31 and 32–63 it ran on, a bit each. */
  ranOnLow = 0;
  ranOnHigh = 0;

  constructor(
    readonly vm: SimVm,
    readonly index: number,
    readonly createdUs: number,
  ) {
    this.sinceUs = createdUs;
    this.entity = new Entity(vm.claim, this);
  }
}

/** A VM of the simulator. */
export class SimVm {
  readonly worlds: SimWorld[] = [];

  constructor(
    readonly name: string,
    readonly claim: VmClaim<SimWorld>,
    readonly guest: Guest,
  ) {}

  get usedUs(): number {
    return this.worlds.reduce((sum, world) => sum + world.usedUs, 0);
  }

  get runUs(): number {
    return this.worlds.reduce((sum, world) => sum + world.runUs, 0);
  }
}
