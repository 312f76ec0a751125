import { setTimeout as delay } from 'node:timers/promises';
import { type ResourceAllocation, ROOT_POOL_ID, VmkernelError } from '../../kernel/abi/index.js';
import type { VmkernelClient } from '../../kernel/client/index.js';

const PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 900;
/** What a host refuses for a good reason: reservations over capacity, a limit below one, a VM that is off at the moment. */
const EXPECTED = new Set([
  'InsufficientCpu',
  'InvalidVmx',
  'InvalidPowerState',
  'InvalidArgument',
  'NotFound',
]);

const FREE: ResourceAllocation = {
  reservation: 0,
  expandable: true,
  limit: null,
  shares: 0,
  level: 'normal',
};

export interface Field {
  readonly kernel: VmkernelClient;
  /** Paths of the .vmx of running VMs. */
  readonly vms: readonly string[];
  powerOn(vmxPath: string): Promise<unknown>;
  /** Ids of pools; the root first. */
  readonly pools: readonly number[];
  readonly mhz: number;
  readonly pcpus: number;
}

/** Two pools below the root and one below the first of them. @returns ids of pools; the root first */
export async function nestedPools(kernel: VmkernelClient): Promise<number[]> {
  const pools: number[] = [ROOT_POOL_ID];
  for (const parent of [0, 0, 1]) {
    const parentId = pools[parent] ?? ROOT_POOL_ID;
    const { poolId } = await kernel.call('createPool', {
      parentId,
      name: `pool${pools.length}`,
      cpu: FREE,
      memory: FREE,
    });
    pools.push(poolId);
  }
  return pools;
}

/** Changes everything that an administrator may change, at random by a seed: a run can be had again. */
export class Reconfiguration {
  done = 0;
  readonly unexpected: string[] = [];
  #state: number;

  constructor(
    private readonly field: Field,
    seed: number,
  ) {
    this.#state = seed >>> 0;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#change().catch((error: unknown) => {
        if (!(error instanceof VmkernelError && EXPECTED.has(error.code)))
          this.unexpected.push(String(error));
      });
      this.done++;
      await delay(PAUSE_MS + this.#below(LONGEST_PAUSE_MS - PAUSE_MS));
    }
  }

  /** Numerical Recipes' generator. */
  #below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  #one<T>(of: readonly T[]): T {
    const chosen = of[this.#below(of.length)];
    if (chosen === undefined) throw new RangeError('nothing to choose from');
    return chosen;
  }

  async #change(): Promise<void> {
    const { kernel, vms, mhz } = this.field;
    const vmxPath = this.#one(vms);
    const set = (key: string, value: string | null): Promise<unknown> =>
      kernel.call('reconfigure', {
        vmxPath,
        changes: { settings: { [`sched.cpu.${key}`]: value } },
      });
    const choice = this.#below(8);
    if (choice <= 1) await set('shares', this.#one(['low', 'normal', 'high', '1', '100000', '777']));
    else if (choice === 2)
      await set('min', this.#one(['0', String(Math.round(mhz * 0.2)), String(Math.round(mhz * 3))]));
    else if (choice === 3)
      await set('max', this.#one([null, String(Math.round(mhz * 0.15)), String(Math.round(mhz * 0.6))]));
    else if (choice === 4) await set('affinity', this.#one(['all', '0', String(this.field.pcpus - 1)]));
    else if (choice === 5) await this.#changePool();
    else if (choice === 6)
      await kernel.call('moveIntoPool', { poolId: this.#one(this.field.pools), pools: [], vms: [vmxPath] });
    else await this.#cycle(vmxPath);
  }

  async #changePool(): Promise<void> {
    const { kernel, pools, mhz } = this.field;
    const poolId = this.#one(pools.slice(1));
    const cpu = {
      reservation: this.#one([0, Math.round(mhz * 0.3)]),
      expandable: this.#below(2) === 0,
      limit: this.#one([null, null, Math.round(mhz * 0.5)]),
      shares: 1 + this.#below(10_000),
      level: this.#one(['low', 'normal', 'high', 'custom'] as const),
    };
    await kernel.call('updatePools', { changes: [{ poolId, cpu }] });
  }

  async #cycle(vmxPath: string): Promise<void> {
    await this.field.kernel.call('powerOff', { vmxPath });
    await this.field.powerOn(vmxPath);
  }
}
