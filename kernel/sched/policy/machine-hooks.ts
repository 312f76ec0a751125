import { HtSharing } from '../../abi/index.js';
import { spreadOverCores } from './balance.js';
import type { CoschedMode } from './cosched.js';
import type { Dispatcher } from './dispatcher.js';
import type { Entity, Pcpu, VmClaim } from './entity.js';
import { Gangs } from './gangs.js';
import type { DispatchHooks } from './hooks.js';
import { Placement, type PlacementClaim } from './placement.js';
import type { Topology } from './topology.js';

/** Beside a world that shares its core with nobody, others give way when they are this much ahead, virtual µs. */
const CORE_MARGIN_US = 5000;
/** How often shared cores are looked at while others are idle, and worlds that wait for a whole core. */
const BALANCE_PERIOD_US = 5000;

interface MutableClaim extends PlacementClaim {
  vm: number;
  lastPcpu: number;
  affinityLow: number;
  affinityHigh: number;
  htSharing: HtSharing;
}

const openClaim = (): MutableClaim => ({
  vm: -1,
  lastPcpu: -1,
  affinityLow: 0,
  affinityHigh: 0,
  htSharing: HtSharing.any,
  homeNode: -1,
});

/**
 * The dispatcher's policy for a machine with hyper-threads, packages and nodes, and for VMs with several vCPUs:
 * placement.ts, balance.ts and gangs.ts behind the dispatcher's hooks. A home node stands in the VM's affinity bits.
 */
export class MachineHooks<T> implements DispatchHooks<T> {
  readonly placement: Placement;
  readonly gangs: Gangs<T>;
  /** Worlds that went from a shared core to an idle one. */
  spreads = 0;
  #dispatcher: Dispatcher<T> | null = null;
  readonly #claim = openClaim();
  readonly #running: (PlacementClaim | null)[];
  readonly #claims: MutableClaim[];
  /** VMs that do not share cores freely. */
  readonly #choosy: VmClaim<T>[] = [];
  #balancedAtUs = 0;

  constructor(
    readonly topology: Topology,
    private readonly pcpus: readonly Pcpu<T>[],
    mode: CoschedMode,
  ) {
    this.placement = new Placement(topology);
    this.gangs = new Gangs(pcpus, mode, (entity, pcpu) => this.permits(entity, pcpu));
    this.#claims = pcpus.map(openClaim);
    this.#running = pcpus.map(() => null);
  }

  /** The dispatcher that asks. */
  attach(dispatcher: Dispatcher<T>): void {
    this.#dispatcher = dispatcher;
  }

  /** After all its vCPUs were added to the dispatcher. */
  addVm(vm: VmClaim<T>, nowUs: number): void {
    this.gangs.add(vm, nowUs);
    if (vm.htSharing !== HtSharing.any) this.#choosy.push(vm);
  }

  removeVm(vm: VmClaim<T>): void {
    this.gangs.remove(vm);
    const at = this.#choosy.indexOf(vm);
    if (at >= 0) this.#choosy.splice(at, 1);
  }

  choosePcpu(entity: Entity<T>, pcpus: readonly Pcpu<T>[]): Pcpu<T> | null {
    const number = this.placement.choose(this.#fill(this.#claim, entity));
    return pcpus[number] ?? null;
  }

  permits(entity: Entity<T>, pcpu: Pcpu<T>): boolean {
    return this.placement.mayRunNow(this.#fill(this.#claim, entity), pcpu.number);
  }

  look(nowUs: number): void {
    const dispatcher = this.#dispatcher;
    if (dispatcher === null) return;
    this.gangs.look(dispatcher, nowUs);
    if (nowUs >= this.#balancedAtUs + BALANCE_PERIOD_US) {
      this.#balancedAtUs = nowUs;
      for (const pcpu of this.pcpus) this.placement.delivered[pcpu.number] = pcpu.delivered;
      this.#makeRoom(dispatcher, nowUs);
      this.#spread(dispatcher, nowUs);
    }
  }

  nextUs(nowUs: number): number {
    const idle = this.pcpus.some(pcpu => this.placement.coreIdle(pcpu.number));
    const balance =
      idle || this.#choosy.length > 0 ? this.#balancedAtUs + BALANCE_PERIOD_US : Number.POSITIVE_INFINITY;
    return Math.max(nowUs, Math.min(balance, this.gangs.nextUs(nowUs)));
  }

  granted(entity: Entity<T>, pcpu: Pcpu<T>, nowUs: number): void {
    const claim = this.#claims[pcpu.number];
    if (claim === undefined) return;
    this.placement.occupy(pcpu.number, this.#fill(claim, entity));
    this.#running[pcpu.number] = claim;
    this.gangs.settle(entity.vm, nowUs);
  }

  revoked(entity: Entity<T>, pcpu: Pcpu<T>, nowUs: number): void {
    this.placement.vacate(pcpu.number);
    this.#running[pcpu.number] = null;
    this.gangs.settle(entity.vm, nowUs);
  }

  #fill(claim: MutableClaim, { vm, lastPcpu }: Entity<T>): PlacementClaim {
    claim.vm = vm.node;
    claim.lastPcpu = lastPcpu?.number ?? -1;
    claim.affinityLow = vm.affinityLow;
    claim.affinityHigh = vm.affinityHigh;
    claim.htSharing = sharingOf(vm.htSharing);
    return claim;
  }

  #spread(dispatcher: Dispatcher<T>, nowUs: number): void {
    for (let i = 0; i < this.pcpus.length; i++) {
      const move = spreadOverCores(this.placement, this.#running);
      const entity = move === null ? null : this.pcpus[move.from]?.run;
      const to = move === null ? undefined : this.pcpus[move.to];
      if (entity == null || to === undefined) return;
      dispatcher.start(entity, to, nowUs);
      if (entity.on !== to) return;
      this.spreads++;
    }
  }

  /** A world that wants a core for itself would never find one on a busy machine: who is ahead of it leaves one. */
  #makeRoom(dispatcher: Dispatcher<T>, nowUs: number): void {
    for (const vm of this.#choosy)
      for (const entity of vm.entities) if (entity.queueAt >= 0) this.#clearCore(entity, dispatcher, nowUs);
  }

  #clearCore(entity: Entity<T>, dispatcher: Dispatcher<T>, nowUs: number): void {
    for (const pcpu of this.pcpus) {
      const partners = this.topology.partnersOf[pcpu.number] ?? [];
      if (!entity.vm.mayUse(pcpu.number)) continue;
      const mates = [pcpu.number, ...partners].map(number => this.pcpus[number]?.run ?? null);
      if (mates.some(mate => mate !== null && !this.#gives(mate, entity, dispatcher, nowUs))) continue;
      for (const mate of mates) if (mate !== null && mate.vm !== entity.vm) requeue(mate, dispatcher, nowUs);
      dispatcher.start(entity, pcpu, nowUs);
      return;
    }
  }

  #gives(mate: Entity<T>, entity: Entity<T>, dispatcher: Dispatcher<T>, nowUs: number): boolean {
    dispatcher.charge(mate, nowUs);
    return mate.vm !== entity.vm && mate.account.virtualUs > entity.account.virtualUs + CORE_MARGIN_US;
  }
}

function requeue<T>(entity: Entity<T>, dispatcher: Dispatcher<T>, nowUs: number): void {
  dispatcher.hold(entity, nowUs);
  dispatcher.release(entity, nowUs);
}

function sharingOf(value: number): HtSharing {
  if (value === HtSharing.none) return HtSharing.none;
  return value === HtSharing.internal ? HtSharing.internal : HtSharing.any;
}
