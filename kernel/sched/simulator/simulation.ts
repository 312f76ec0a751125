import { HtSharing } from '../../abi/index.js';
import {
  type CoschedMode,
  Dispatcher,
  type DispatchPort,
  type Entity,
  GroupTree,
  MachineHooks,
  Pcpu,
  type Topology,
  VmClaim,
} from '../policy/index.js';
import type { Guest } from './guest.js';
import { Timers } from './timers.js';
import { SimVm, SimWorld } from './world.js';

export interface SimulationOptions {
  readonly topology: Topology;
  readonly quantumUs?: number;
  readonly boundLagQuanta?: number;
  readonly cosched?: CoschedMode;
  /** Pools and VMs there may be. */
  readonly groups?: number;
  /** Work that two busy hyper-threads do together, of what one alone does. */
  readonly htYield?: number;
  /** What a pass of the dispatcher is timed by, µs; nothing is timed without. */
  readonly clockUs?: () => number;
}

export interface ClaimSpec {
  /** Pool it is in, -1 = none. */
  readonly pool?: number;
  readonly shares?: number;
  /** In PCPUs. */
  readonly min?: number;
  readonly max?: number;
}

export interface VmSpec extends ClaimSpec {
  readonly name?: string;
  readonly vcpus?: number;
  readonly affinity?: readonly number[];
  readonly htSharing?: HtSharing;
  readonly guest: Guest;
}

const QUANTUM_US = 20_000;
const LAG_QUANTA = 2;
const SHARES_PER_VCPU = 1000;
const POOL_SHARES = 4000;
const HALF = 0.5;
/** What is left of a piece below this is nothing. */
const GRAIN_US = 1e-6;

interface Timer {
  readonly world: SimWorld;
  readonly epoch: number;
}

/**
 * A machine and its guests under a virtual clock, scheduled by the kernel's own dispatcher. Between two events nothing
 * changes; the clock goes from event to event. The same run gives the same figures always.
 */
export class Simulation implements DispatchPort<SimWorld> {
  nowUs = 0;
  readonly pcpus: readonly Pcpu<SimWorld>[];
  readonly tree: GroupTree;
  readonly dispatcher: Dispatcher<SimWorld>;
  readonly hooks: MachineHooks<SimWorld>;
  readonly vms: SimVm[] = [];
  /** Wall time each PCPU ran a guest. */
  readonly busyUs: Float64Array;
  /** Called whenever the clock has moved; for traces and invariants. */
  onEvent: (() => void) | null = null;
  /** Speed of a VM's guest beside full, 0…1: remote memory. */
  speedOf: ((vm: SimVm) => number) | null = null;
  passes = 0;
  passUs = 0;
  longestPassUs = 0;
  readonly #timers = new Timers<Timer>();
  readonly #speeds: Float64Array;
  readonly #rates: Float64Array;
  #lookAtUs = 0;
  #groups = 0;

  constructor(private readonly options: SimulationOptions) {
    const { topology, quantumUs = QUANTUM_US, boundLagQuanta = LAG_QUANTA } = options;
    this.pcpus = topology.pcpus.map((place, n) => new Pcpu(n, n, place.core, place.package, place.node));
    this.busyUs = new Float64Array(topology.size);
    this.#speeds = new Float64Array(topology.size).fill(1);
    this.#rates = new Float64Array(topology.size).fill(1);
    this.tree = new GroupTree(options.groups ?? 512);
    this.hooks = new MachineHooks(topology, this.pcpus, options.cosched ?? 'relaxed');
    this.dispatcher = new Dispatcher(this.pcpus, this.tree, this, { quantumUs, boundLagQuanta }, this.hooks);
    this.hooks.attach(this.dispatcher);
  }

  addPool(spec: ClaimSpec = {}): number {
    const node = this.#groups++;
    this.tree.place(node, spec.pool ?? -1, false);
    this.tree.setClaim(node, spec.shares ?? POOL_SHARES, spec.min ?? 0, spec.max ?? Number.POSITIVE_INFINITY);
    return node;
  }

  powerOn(spec: VmSpec): SimVm {
    const node = this.#groups++;
    const { vcpus = 1, max = Number.POSITIVE_INFINITY } = spec;
    this.tree.place(node, spec.pool ?? -1, true);
    this.tree.setClaim(node, spec.shares ?? SHARES_PER_VCPU * vcpus, spec.min ?? 0, max);
    const claim = new VmClaim<SimWorld>(node);
    claim.htSharing = spec.htSharing ?? HtSharing.any;
    this.bind(claim, spec.affinity ?? []);
    const vm = new SimVm(spec.name ?? `vm${node}`, claim, spec.guest);
    for (let i = 0; i < vcpus; i++) {
      const world = new SimWorld(vm, i, this.nowUs);
      vm.worlds.push(world);
      this.dispatcher.add(world.entity, this.nowUs);
    }
    this.hooks.addVm(claim, this.nowUs);
    this.vms.push(vm);
    for (const world of vm.worlds) this.#next(world);
    this.#lookAtUs = this.nowUs;
    return vm;
  }

  powerOff(vm: SimVm): void {
    this.hooks.removeVm(vm.claim);
    for (const world of vm.worlds) {
      world.epoch++;
      this.#account(world);
      this.dispatcher.remove(world.entity, this.nowUs);
    }
    this.tree.remove(vm.claim.node);
    this.vms.splice(this.vms.indexOf(vm), 1);
    this.#lookAtUs = this.nowUs;
  }

  /** Which PCPUs it may use; none named = all. */
  bind(claim: VmClaim<SimWorld>, pcpus: readonly number[]): void {
    claim.affinityLow = 0;
    claim.affinityHigh = 0;
    for (const pcpu of pcpus) {
      if (pcpu < 32) claim.affinityLow |= 1 << pcpu;
      else claim.affinityHigh |= 1 << (pcpu - 32);
    }
  }

  /** Shares, reservation and limit of a pool or VM from now on. */
  reconfigure(node: number, shares: number, min: number, max: number): void {
    this.tree.setClaim(node, shares, min, max);
    this.changed();
  }

  /** Something that the dispatcher must look at anew was changed. */
  changed(): void {
    this.dispatcher.reconfigured(this.nowUs);
    this.#lookAtUs = this.nowUs;
  }

  /** What every pool and VM is entitled to when all want all they can (emin), in PCPUs, by node. */
  guaranteed(): Float64Array {
    const out = new Float64Array(this.tree.capacity);
    for (const { claim } of this.vms) this.tree.demand[claim.node] = claim.entities.length;
    this.tree.compute(
      this.pcpus.reduce((sum, pcpu) => sum + pcpu.delivered, 0),
      out,
    );
    return out;
  }

  /** Used beyond that since power-on. */
  extraUs(vm: SimVm): number {
    const since = this.nowUs - (vm.worlds[0]?.createdUs ?? this.nowUs);
    return Math.max(0, vm.usedUs - (this.guaranteed()[vm.claim.node] ?? 0) * since);
  }

  run(untilUs: number): void {
    while (this.nowUs < untilUs) {
      if (this.nowUs >= this.#lookAtUs) this.#pass();
      const next = Math.min(untilUs, this.#lookAtUs, this.#timers.nextUs, this.#nextEndUs());
      this.#advance(next - this.nowUs);
      this.nowUs = next;
      this.#fire();
      this.onEvent?.();
    }
    for (const vm of this.vms) for (const world of vm.worlds) this.#account(world);
  }

  grant(entity: Entity<SimWorld>, pcpu: Pcpu<SimWorld>): void {
    const world = entity.owner;
    this.#account(world);
    if (world.wokeAtUs >= 0) world.longestWakeUs = Math.max(world.longestWakeUs, this.nowUs - world.wokeAtUs);
    world.wokeAtUs = -1;
    if (pcpu.number < 32) world.ranOnLow |= 1 << pcpu.number;
    else world.ranOnHigh |= 1 << (pcpu.number - 32);
    entity.progress++;
  }

  revoke(entity: Entity<SimWorld>): void {
    this.#account(entity.owner);
  }

  account(entity: Entity<SimWorld>): void {
    this.#account(entity.owner);
  }

  usedUs(entity: Entity<SimWorld>): number {
    const used = entity.owner.pendingUs;
    entity.owner.pendingUs = 0;
    return used;
  }

  /** Guests here are never stopped from outside. */
  isBlocked(): boolean {
    return false;
  }

  #pass(): void {
    const { clockUs } = this.options;
    const began = clockUs?.() ?? 0;
    const next = this.dispatcher.pass(this.nowUs);
    this.#lookAtUs = Math.max(next, this.nowUs + 1);
    const took = (clockUs?.() ?? 0) - began;
    this.passes++;
    this.passUs += took;
    this.longestPassUs = Math.max(this.longestPassUs, took);
  }

  /** Brings the times of a world up to now; what it spent on a PCPU is accounted as the clock moves. */
  #account(world: SimWorld): void {
    const elapsed = this.nowUs - world.sinceUs;
    world.sinceUs = this.nowUs;
    if (world.halted) world.waitUs += elapsed;
    else {
      world.outUs += elapsed;
      if (world.entity.limited) world.limitedUs += elapsed;
    }
  }

  /** When the first piece ends that is being computed now. Takes the speeds until then. */
  #nextEndUs(): number {
    let soonest = Number.POSITIVE_INFINITY;
    for (const { number, run } of this.pcpus) {
      if (run === null || run.resting) continue;
      const shared = this.hooks.placement.partnerBusy(number);
      const speed = (shared ? (this.options.htYield ?? 1) * HALF : 1) * (this.speedOf?.(run.owner.vm) ?? 1);
      this.#speeds[number] = speed;
      this.#rates[number] = shared ? HALF : 1;
      soonest = Math.min(soonest, run.owner.leftUs / speed);
    }
    return this.nowUs + soonest;
  }

  #advance(elapsedUs: number): void {
    for (const { number, run } of this.pcpus) {
      if (run === null) continue;
      const world = run.owner;
      const charged = elapsedUs * (this.#rates[number] ?? 1);
      world.sinceUs += elapsedUs;
      // A gang that holds a PCPU for a halted vCPU pays for it, or it would never have to leave.
      world.pendingUs += charged;
      if (run.resting) {
        world.waitUs += elapsedUs;
        continue;
      }
      const done = elapsedUs * (this.#speeds[number] ?? 1);
      world.runUs += elapsedUs;
      world.usedUs += charged;
      world.leftUs -= done;
      if (world.piece.kind === 'compute') world.workUs += done;
      this.busyUs[number] = (this.busyUs[number] ?? 0) + elapsedUs;
    }
  }

  #fire(): void {
    for (let due = this.#timers.take(this.nowUs); due !== null; due = this.#timers.take(this.nowUs))
      if (due.epoch === due.world.epoch) this.#next(due.world);
    for (const { run } of this.pcpus)
      if (run !== null && !run.resting && run.owner.leftUs <= GRAIN_US) this.#next(run.owner);
  }

  #next(world: SimWorld): void {
    const piece = world.vm.guest.next(world.index, this.nowUs, vcpu => this.#release(world.vm, vcpu));
    world.epoch++;
    world.piece = piece;
    world.leftUs = piece.kind === 'compute' ? piece.us : Number.POSITIVE_INFINITY;
    if (piece.kind === 'sleep') this.#timers.set(this.nowUs + piece.us, { world, epoch: world.epoch });
    if (piece.kind === 'compute' || piece.kind === 'spin') this.#wake(world);
    else this.#halt(world);
  }

  #release(vm: SimVm, vcpu: number): void {
    const world = vm.worlds[vcpu];
    if (world !== undefined && (world.piece.kind === 'block' || world.piece.kind === 'spin'))
      this.#next(world);
  }

  #wake(world: SimWorld): void {
    if (!world.halted) return;
    this.#account(world);
    world.halted = false;
    world.wokeAtUs = this.nowUs;
    world.entity.resting = false;
    this.dispatcher.wake(world.entity, this.nowUs);
    if (this.#strict(world.vm)) for (const sibling of world.vm.worlds) this.#rest(sibling);
    this.#moved(world);
  }

  #halt(world: SimWorld): void {
    if (world.halted) return;
    this.#account(world);
    world.halted = true;
    if (!this.#strict(world.vm)) this.dispatcher.sleep(world.entity, this.nowUs);
    else if (world.vm.worlds.some(sibling => !sibling.halted)) this.#rest(world);
    else for (const sibling of world.vm.worlds) this.#leave(sibling);
    this.#moved(world);
  }

  /** Strict co-scheduling: a halted vCPU takes part while a sibling runs. */
  #rest(world: SimWorld): void {
    if (!world.halted) return;
    world.entity.resting = true;
    this.dispatcher.wake(world.entity, this.nowUs);
  }

  #leave(world: SimWorld): void {
    world.entity.resting = false;
    this.dispatcher.sleep(world.entity, this.nowUs);
  }

  #strict(vm: SimVm): boolean {
    return this.options.cosched === 'strict' && vm.worlds.length > 1;
  }

  #moved(world: SimWorld): void {
    this.hooks.gangs.settle(world.vm.claim, this.nowUs);
    this.#lookAtUs = this.nowUs;
  }
}
