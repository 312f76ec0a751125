import type { Entity, Pcpu } from './entity.js';

/** What the dispatcher does to the world, and the only thing it asks of it. */
export interface DispatchPort<T> {
  /** The entity has `pcpu` from now on until `pcpu.endUs`. */
  grant(entity: Entity<T>, pcpu: Pcpu<T>, nowUs: number): void;
  /** It has lost it. What it still runs is debt. */
  revoke(entity: Entity<T>, pcpu: Pcpu<T>, nowUs: number): void;
  /** A limit takes hold of it or lets it go: until now it was as `entity.limited` says. */
  account(entity: Entity<T>, nowUs: number): void;
  /** CPU that is to be charged to it since the last call: all its threads, half beside a busy hyper-thread, µs. */
  usedUs(entity: Entity<T>, nowUs: number): number;
  /** Asked of one that used nothing of a grant: whether it is stopped or blocked, not only unlucky. */
  isBlocked(entity: Entity<T>): boolean;
}

/**
 * Where finer policy enters: placement on hyper-threads and nodes, co-scheduling, rebalancing. Affinity, limits and
 * `held` are the dispatcher's own and are checked before.
 */
export interface DispatchHooks<T> {
  /** Which free PCPU an entity gets, null = none of them now. */
  choosePcpu(entity: Entity<T>, pcpus: readonly Pcpu<T>[]): Pcpu<T> | null;
  /** Whether it may be put there now, free or not: hyper-thread sharing, home node. */
  permits(entity: Entity<T>, pcpu: Pcpu<T>): boolean;
  /** Once a pass, before grants: may hold, release, start and move entities. */
  look(nowUs: number): void;
  /** Asked at the end of a pass. @returns when to look again at the latest, µs */
  nextUs(nowUs: number): number;
  granted(entity: Entity<T>, pcpu: Pcpu<T>, nowUs: number): void;
  revoked(entity: Entity<T>, pcpu: Pcpu<T>, nowUs: number): void;
}

/** An entity goes back where it ran, if that is free; else to the free PCPU that delivers most (the console is on 0). */
export function plainHooks<T>(): DispatchHooks<T> {
  return {
    choosePcpu(entity, pcpus) {
      if (
        entity.lastPcpu !== null &&
        entity.lastPcpu.run === null &&
        entity.vm.mayUse(entity.lastPcpu.number)
      )
        return entity.lastPcpu;
      let best: Pcpu<T> | null = null;
      for (const pcpu of pcpus) {
        if (pcpu.run !== null || !entity.vm.mayUse(pcpu.number)) continue;
        if (best === null || pcpu.delivered >= best.delivered) best = pcpu;
      }
      return best;
    },
    permits: () => true,
    look: () => undefined,
    nextUs: () => Number.POSITIVE_INFINITY,
    granted: () => undefined,
    revoked: () => undefined,
  };
}
