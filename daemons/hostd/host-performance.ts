import type { HostInventory } from './inventory/host-inventory.js';
import type { HostAccount } from './machine/host-account.js';
import { moids } from './mo/moids.js';
import { type PerfEntity, PerfSampler, SamplingClock } from './performance/index.js';

export interface HostPerformanceParts {
  readonly account: HostAccount;
  inventory(): HostInventory;
  onError(error: unknown): void;
}

/** The statistics of a host: of itself, its pools and the machines that run. */
export class HostPerformance {
  readonly sampler: PerfSampler;
  readonly #clock: SamplingClock;

  constructor({ account, inventory, onError }: HostPerformanceParts) {
    this.sampler = new PerfSampler({
      sources: () => account.sources,
      entities: () => entitiesOf(inventory()),
    });
    this.#clock = new SamplingClock(this.sampler, onError);
  }

  start(): void {
    this.#clock.start();
  }

  stop(): void {
    this.#clock.stop();
  }
}

function entitiesOf(inventory: HostInventory): PerfEntity[] {
  const pools = inventory.pools.all();
  const machines = inventory.runningVms();
  return [
    { ref: moids.host, kind: 'host', id: 0 },
    ...pools.map(({ ref, poolId }): PerfEntity => ({ ref, kind: 'pool', id: poolId })),
    ...machines.map(({ ref, run }): PerfEntity => ({ ref, kind: 'vm', id: run?.worldId ?? 0 })),
  ];
}
