import { type Account, openAccount } from './account.js';
import type { Bucket } from './limits.js';
import { inAffinity } from './placement.js';

/** What is the same for all virtual CPUs of a VM. */
export class VmClaim<T> {
  /** Its virtual CPUs that are scheduled. */
  readonly entities: Entity<T>[] = [];
  /** The limits that bind it: its own and those of the pools above it, nearest first. */
  readonly limits: Bucket<T>[] = [];
  /** PCPUs 0–31 and 32–63 it may use, a bit each; both 0: all. */
  affinityLow = 0;
  affinityHigh = 0;
  /** HtSharing: 0 any, 1 internal, 2 none. */
  htSharing = 0;
  /** NUMA node it is kept on, -1 = any. */
  homeNode = -1;
  /** Virtual CPUs that want a PCPU. */
  wanting = 0;
  /** Virtual CPUs that have a PCPU. */
  running = 0;

  constructor(
    /** Its node in the group tree. */
    public node: number,
  ) {}

  /** One of its limits lets none of its virtual CPUs run now. */
  get dry(): boolean {
    for (const bucket of this.limits) if (bucket.dry && bucket.leastSlots === 0) return true;
    return false;
  }

  /** It may not use every PCPU. */
  get confined(): boolean {
    return this.affinityLow !== 0 || this.affinityHigh !== 0;
  }

  mayUse(pcpu: number): boolean {
    return inAffinity(this, pcpu);
  }
}

/** A physical CPU as the dispatcher sees it. */
export class Pcpu<T> {
  run: Entity<T> | null = null;
  /** End of the present grant. */
  endUs = 0;
  /** The grant's end was reached in this pass. */
  expired = false;
  /** CPU charged ÷ wall granted, smoothed: below 1 when the console, daemons or other hosts use it too. */
  delivered = 1;
  /** CPU charged to who holds it since `measuredAtUs`. */
  measuredUs = 0;
  measuredAtUs = 0;
  /** `restedUs` of who holds it, then. */
  restedUs = 0;
  /** CPU charged to entities that held it last, since it exists. */
  chargedUs = 0;

  constructor(
    readonly number: number,
    /** Linux's number. */
    readonly cpu: number,
    readonly core = number,
    readonly packageNumber = number,
    readonly node = 0,
  ) {}
}

/** A virtual CPU as the dispatcher sees it. `owner` is whatever its driver knows of it. */
export class Entity<T> {
  readonly account: Account;
  /** Runnable: running, or waiting for a PCPU. */
  wants = false;
  on: Pcpu<T> | null = null;
  lastPcpu: Pcpu<T> | null = null;
  /** Co-stopped: runnable, but kept from running until released. */
  held = false;
  /** A limit alone keeps it from running. */
  limited = false;
  /** Holds a PCPU halted: nobody waits for it. */
  resting = false;
  /** Time it rested so far, set by its driver. */
  restedUs = 0;
  /**
   * It held a PCPU for a grant and neither used nor gave back any of it: its process is stopped, or blocked. It gets
   * no PCPU until its driver says that it moved.
   */
  stalled = false;
  /** Anything that moves when it runs at all, set by the driver: tells a stalled entity from one that had no luck. */
  progress = 0;
  grantProgress = 0;
  /** It lost a PCPU while it ran: it may have run on, uncharged. */
  mayOwe = false;
  grants = 0;
  /** Grants on another PCPU than the one before. */
  migrations = 0;
  /** Place in the queue of the ready, -1 = not in it. */
  queueAt = -1;

  constructor(
    readonly vm: VmClaim<T>,
    readonly owner: T,
  ) {
    this.account = openAccount();
  }
}
