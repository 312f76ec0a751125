import { setTimeout as delay } from 'node:timers/promises';
import { VmkernelError } from '../../kernel/abi/index.js';
import type { BareHost } from '../vmware-vmx/bare-host.js';

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

export interface Field {
  readonly host: BareHost;
  readonly names: readonly string[];
  /** Ids of pools; the root first. */
  readonly pools: readonly number[];
  readonly mhz: number;
  readonly pcpus: number;
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
    const { host, names, mhz } = this.field;
    const name = this.#one(names);
    const set = (key: string, value: string | null): Promise<unknown> =>
      host.kernel.call('reconfigure', {
        vmxPath: host.path(name),
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
      await host.kernel.call('moveIntoPool', {
        poolId: this.#one(this.field.pools),
        pools: [],
        vms: [host.path(name)],
      });
    else await this.#cycle(name);
  }

  async #changePool(): Promise<void> {
    const { host, pools, mhz } = this.field;
    const poolId = this.#one(pools.slice(1));
    const cpu = {
      reservation: this.#one([0, Math.round(mhz * 0.3)]),
      expandable: this.#below(2) === 0,
      limit: this.#one([null, null, Math.round(mhz * 0.5)]),
      shares: 1 + this.#below(10_000),
      level: this.#one(['low', 'normal', 'high', 'custom'] as const),
    };
    await host.kernel.call('updatePools', { changes: [{ poolId, cpu }] });
  }

  async #cycle(name: string): Promise<void> {
    const { host } = this.field;
    await host.kernel.call('powerOff', { vmxPath: host.path(name) });
    await host.powerOn(name);
  }
}
