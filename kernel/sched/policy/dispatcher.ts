import { charge, creditOnWake, entitle } from './account.js';
import { AffinityFit } from './affinity-fit.js';
import type { Entity, Pcpu, VmClaim } from './entity.js';
import { type DispatchHooks, type DispatchPort, plainHooks } from './hooks.js';
import { gatheredAtUs, grantSpanUs, settle } from './limit.js';
import { ReadyQueue } from './ready-queue.js';
import type { GroupTree } from './tree.js';

export interface DispatchOptions {
  /** Longest time an entity keeps a PCPU while another waits (Cpu.Quantum). */
  quantumUs: number;
  /** Quanta of credit that an entity keeps while it sleeps (Cpu.BoundLagQuanta). */
  boundLagQuanta: number;
}

/** Shortest time between two computations of entitlement. */
const ENTITLE_PERIOD_US = 10_000;
/** A waker takes a PCPU from an entity that is ahead of it by more than this. */
const PREEMPT_MARGIN_US = 500;
/** A PCPU that delivers this much less than another one is slow. */
const SLOW_MARGIN = 0.05;
/** Its driver looks again after this at the latest. */
const LONGEST_SLEEP_US = 90_000;
const END_MARGIN_US = 5;
/** A granted entity that used less than this part of its grant, and made no progress, is stalled. */
const STALLED_PART = 0.005;
/** Debt, and what was got of PCPUs that others may not use, is forgotten beyond this much of virtual time. */
const MOST_AHEAD_US = 10e6;
const SHORTEST_MEASURE_US = 2000;
const SMOOTHING = 0.1;
/** Entitlements are computed again when the PCPUs together deliver this part more or less. */
const CAPACITY_MARGIN = 0.002;
const MOST_TRIES = 4;

/**
 * Dispatch: grants PCPUs to entities by their accounts. Pure: it is told who wakes and who sleeps, what time it is and
 * what was used, and answers by `port.grant` and `port.revoke`. `pass` says when to look again.
 *
 * - The queue holds who could run now: wants, no PCPU, not held, not stalled, limit not dry.
 * - Who has least virtual time (CPU charged ÷ entitlement) runs next; an overrun is debt by itself.
 */
export class Dispatcher<T> {
  readonly vms: VmClaim<T>[] = [];
  dispatches = 0;
  /** Entitlement of every node of the tree, by those that want CPU now, in PCPUs. */
  readonly entitled: Float64Array;
  readonly #ready = new ReadyQueue<T>();
  readonly #dry: VmClaim<T>[] = [];
  readonly #woke: Entity<T>[] = [];
  readonly #fit: AffinityFit<T>;
  /** How far an account may be behind the floor, and ahead of it. */
  readonly #bound = { behindUs: 0, aheadUs: MOST_AHEAD_US };
  #floorUs = 0;
  #entitledAtUs = 0;
  /** Capacity that entitlements were computed for. */
  #sharedOut = 0;
  /** Who wants CPU has changed since entitlements were computed. */
  #stale = false;

  constructor(
    readonly pcpus: readonly Pcpu<T>[],
    readonly tree: GroupTree,
    private readonly port: DispatchPort<T>,
    readonly options: DispatchOptions,
    private readonly hooks: DispatchHooks<T> = plainHooks(),
  ) {
    this.entitled = new Float64Array(tree.capacity);
    this.#fit = new AffinityFit(tree);
  }

  /** Somebody could run and has no PCPU. */
  get someoneWaits(): boolean {
    return this.#ready.size > 0;
  }

  /** PCPUs that VMs can have: what console, daemons and others leave. */
  get capacity(): number {
    let capacity = 0;
    for (const pcpu of this.pcpus) capacity += pcpu.delivered;
    return capacity;
  }

  /** Who would get a PCPU if it were free now, null = nobody. */
  nextFor(pcpu: Pcpu<T>): Entity<T> | null {
    return this.#ready.bestWhere(this.#mayHave, pcpu);
  }

  add(entity: Entity<T>, nowUs: number): void {
    const { vm } = entity;
    if (vm.entities.length === 0) {
      this.vms.push(vm);
      vm.limit.tokensAtUs = nowUs;
    }
    vm.entities.push(entity);
    entity.account.virtualUs = this.#floorUs;
  }

  remove(entity: Entity<T>, nowUs: number): void {
    const { vm } = entity;
    this.sleep(entity, nowUs);
    drop(vm.entities, entity);
    if (vm.entities.length > 0) return;
    drop(this.vms, vm);
    drop(this.#dry, vm);
    this.tree.demand[vm.node] = 0;
  }

  /** Shares, reservations, limits, affinity or the tree have changed. */
  reconfigured(): void {
    this.#stale = true;
    this.#entitledAtUs = Number.NEGATIVE_INFINITY;
    for (const vm of this.vms) if (!vm.limit.dry) this.#undry(vm);
    for (const pcpu of this.pcpus) pcpu.endUs = 0;
  }

  wake(entity: Entity<T>, nowUs: number): void {
    if (entity.wants) return;
    entity.wants = true;
    entity.vm.wanting++;
    this.#comeBack(entity, nowUs);
  }

  /** It halted, or is gone: it gives its PCPU back. */
  sleep(entity: Entity<T>, nowUs: number): void {
    if (!entity.wants) return;
    this.charge(entity, nowUs);
    entity.wants = false;
    if (!entity.stalled) entity.vm.wanting--;
    entity.stalled = false;
    this.#stale = true;
    this.#ready.remove(entity);
    this.#revoke(entity, nowUs);
  }

  /** A stalled entity has moved. */
  resume(entity: Entity<T>, nowUs: number): void {
    if (!entity.stalled) return;
    entity.stalled = false;
    entity.vm.wanting++;
    this.#comeBack(entity, nowUs);
  }

  /** Co-stops an entity: it runs no more until it is released. */
  hold(entity: Entity<T>, nowUs: number): void {
    if (entity.held) return;
    entity.held = true;
    if (entity.on !== null) this.charge(entity, nowUs);
    this.#ready.remove(entity);
    this.#revoke(entity, nowUs);
  }

  release(entity: Entity<T>): void {
    if (!entity.held) return;
    entity.held = false;
    this.#enqueue(entity);
  }

  /** Puts a runnable entity on a PCPU, whoever has it: for co-starts and moves. */
  start(entity: Entity<T>, pcpu: Pcpu<T>, nowUs: number): void {
    if (entity.on === pcpu || !entity.wants || entity.held || entity.stalled) return;
    if (entity.vm.limit.max !== Number.POSITIVE_INFINITY) this.charge(entity, nowUs);
    if (entity.vm.limit.dry) return;
    const loser = pcpu.run;
    if (loser !== null) this.#revoke(loser, nowUs);
    if (entity.on !== null) this.#revoke(entity, nowUs);
    this.#grant(pcpu, entity, nowUs);
    if (loser !== null) this.charge(loser, nowUs);
  }

  /** Charges what an entity used since the last time. */
  charge(entity: Entity<T>, nowUs: number): void {
    const usedUs = this.port.usedUs(entity, nowUs);
    const { vm, on } = entity;
    entity.mayOwe = false;
    charge(entity.account, usedUs);
    this.#ready.moved(entity);
    if (on !== null) on.measuredUs += usedUs;
    if (entity.lastPcpu !== null) entity.lastPcpu.chargedUs += usedUs;
    this.#settle(vm, usedUs, nowUs);
  }

  /** @returns when to look again, µs */
  pass(nowUs: number): number {
    this.#expire(nowUs);
    this.#gather(nowUs);
    this.#liftFloor();
    this.hooks.look(nowUs);
    for (const pcpu of this.pcpus) if (pcpu.expired) this.#renew(pcpu, nowUs);
    this.#fillFree(nowUs);
    this.#leaveSlowPcpus(nowUs);
    this.#preempt(nowUs);
    // Last: a waker does not wait for it.
    if (this.#stale && nowUs - this.#entitledAtUs >= ENTITLE_PERIOD_US) this.#entitle(nowUs);
    return this.#nextLook(nowUs);
  }

  get #creditUs(): number {
    return this.options.quantumUs * this.options.boundLagQuanta;
  }

  #comeBack(entity: Entity<T>, nowUs: number): void {
    this.#stale = true;
    creditOnWake(entity.account, this.#floorUs, this.#creditUs);
    this.#settle(entity.vm, 0, nowUs);
    this.#enqueue(entity);
    this.#woke.push(entity);
  }

  #enqueue(entity: Entity<T>): void {
    if (!entity.wants || entity.on !== null || entity.held || entity.stalled) return;
    if (entity.vm.limit.dry) this.#noteDry(entity.vm);
    else this.#ready.add(entity);
  }

  #noteDry(vm: VmClaim<T>): void {
    if (!this.#dry.includes(vm)) this.#dry.push(vm);
  }

  #undry(vm: VmClaim<T>): void {
    drop(this.#dry, vm);
    for (const entity of vm.entities) this.#enqueue(entity);
  }

  #settle(vm: VmClaim<T>, usedUs: number, nowUs: number): void {
    const wasDry = vm.limit.dry;
    settle(vm.limit, usedUs, nowUs, this.options.quantumUs);
    if (vm.limit.dry === wasDry) return;
    if (wasDry) {
      this.#undry(vm);
      return;
    }
    this.#noteDry(vm);
    for (const entity of vm.entities) this.#ready.remove(entity);
  }

  #entitle(nowUs: number): void {
    this.#entitledAtUs = nowUs;
    this.#stale = false;
    const { capacity } = this;
    this.#sharedOut = capacity;
    this.#bound.behindUs = this.#creditUs;
    for (const vm of this.vms) this.tree.demand[vm.node] = vm.wanting;
    this.tree.compute(capacity, this.entitled);
    this.#fit.fit(this.vms, this.pcpus, capacity, this.entitled);
    for (const vm of this.vms) {
      if (vm.wanting === 0) continue;
      const each = (this.entitled[vm.node] ?? 0) / vm.wanting;
      for (const { account } of vm.entities) entitle(account, each, this.#floorUs, this.#bound);
    }
    this.#ready.reorder();
  }

  #expire(nowUs: number): void {
    for (const pcpu of this.pcpus) {
      pcpu.expired = false;
      const { run } = pcpu;
      if (run === null || nowUs < pcpu.endUs - END_MARGIN_US) continue;
      this.charge(run, nowUs);
      if (this.#stands(pcpu, run, nowUs)) this.#stall(run, nowUs);
      else {
        this.#measure(pcpu, run, nowUs);
        pcpu.expired = true;
      }
    }
  }

  #stall(entity: Entity<T>, nowUs: number): void {
    entity.stalled = true;
    entity.vm.wanting--;
    this.#stale = true;
    this.#revoke(entity, nowUs);
  }

  #stands(pcpu: Pcpu<T>, run: Entity<T>, nowUs: number): boolean {
    const granted = nowUs - pcpu.measuredAtUs;
    if (granted < this.options.quantumUs / 2 || run.resting) return false;
    const idle = pcpu.measuredUs < granted * STALLED_PART && run.progress === run.grantProgress;
    return idle && this.port.isBlocked(run);
  }

  /** Smooths what a PCPU delivers over grants that were used to their end. */
  #measure(pcpu: Pcpu<T>, run: Entity<T>, nowUs: number): void {
    const granted = nowUs - pcpu.measuredAtUs - (run.restedUs - pcpu.restedUs);
    if (granted > SHORTEST_MEASURE_US && !run.resting)
      pcpu.delivered += SMOOTHING * (Math.min(1, pcpu.measuredUs / granted) - pcpu.delivered);
    if (Math.abs(this.capacity - this.#sharedOut) > CAPACITY_MARGIN * this.#sharedOut) this.#stale = true;
    this.#beginMeasure(pcpu, run, nowUs);
  }

  #beginMeasure(pcpu: Pcpu<T>, run: Entity<T>, nowUs: number): void {
    pcpu.measuredUs = 0;
    pcpu.measuredAtUs = nowUs;
    pcpu.restedUs = run.restedUs;
    run.grantProgress = run.progress;
  }

  /** VMs held by their limit come back when enough has gathered; what they overran is paid first. */
  #gather(nowUs: number): void {
    for (let i = this.#dry.length - 1; i >= 0; i--) {
      const vm = this.#dry[i];
      if (vm === undefined || gatheredAtUs(vm.limit, this.options.quantumUs) > nowUs) continue;
      for (const entity of vm.entities) this.charge(entity, nowUs);
    }
  }

  /** The floor of virtual time follows who is furthest behind of those that run or could. */
  #liftFloor(): void {
    let floor = this.#ready.first?.account.virtualUs ?? Number.POSITIVE_INFINITY;
    for (const { run } of this.pcpus)
      if (run !== null && !run.resting) floor = Math.min(floor, run.account.virtualUs);
    if (floor !== Number.POSITIVE_INFINITY && floor > this.#floorUs) this.#floorUs = floor;
  }

  readonly #mayHave = (entity: Entity<T>, pcpu: Pcpu<T>): boolean =>
    entity.vm.mayUse(pcpu.number) && this.hooks.permits(entity, pcpu);

  /** Who is furthest behind, once what it overran since its last grant is charged; that may bring others first. */
  #best(pcpu: Pcpu<T>, nowUs: number): Entity<T> | null {
    let best = this.#ready.bestWhere(this.#mayHave, pcpu);
    for (let tries = 0; tries < MOST_TRIES && best !== null; tries++) {
      if (!best.mayOwe && best.vm.limit.max === Number.POSITIVE_INFINITY) break;
      this.charge(best, nowUs);
      const now = this.#ready.bestWhere(this.#mayHave, pcpu);
      if (now === best) break;
      best = now;
    }
    return best;
  }

  /** A grant has ended: it goes on, or somebody else is further behind. */
  #renew(pcpu: Pcpu<T>, nowUs: number): void {
    const current = pcpu.run;
    if (current === null) return;
    const next = this.#best(pcpu, nowUs);
    const may = !current.vm.limit.dry && current.vm.mayUse(pcpu.number);
    if (may && (next === null || current.account.virtualUs <= next.account.virtualUs)) {
      pcpu.endUs = nowUs + this.#spanUs(current);
      return;
    }
    this.#revoke(current, nowUs);
    if (next !== null) this.#grant(pcpu, next, nowUs);
  }

  #fillFree(nowUs: number): void {
    for (const pcpu of this.pcpus) {
      while (pcpu.run === null && this.#ready.size > 0) {
        const next = this.#best(pcpu, nowUs);
        const place = next === null ? null : this.hooks.choosePcpu(next, this.pcpus);
        if (next === null || place === null || place.run !== null) break;
        this.#grant(place, next, nowUs);
      }
    }
  }

  #leaveSlowPcpus(nowUs: number): void {
    for (const fast of this.pcpus) {
      if (!fast.expired) continue;
      for (const slow of this.pcpus) {
        const ahead = fast.run;
        const behind = slow.run;
        if (slow === fast || ahead === null || behind === null || behind.resting) continue;
        if (fast.delivered <= slow.delivered + SLOW_MARGIN) continue;
        this.charge(behind, nowUs);
        if (ahead.account.virtualUs <= behind.account.virtualUs + PREEMPT_MARGIN_US) continue;
        if (this.#mayHave(ahead, slow) && this.#mayHave(behind, fast)) this.#swap(fast, slow, nowUs);
      }
    }
  }

  #swap(fast: Pcpu<T>, slow: Pcpu<T>, nowUs: number): void {
    const ahead = fast.run;
    const behind = slow.run;
    if (ahead !== null) this.#revoke(ahead, nowUs);
    if (behind !== null) this.#revoke(behind, nowUs);
    if (behind !== null && behind.queueAt >= 0) this.#grant(fast, behind, nowUs);
    if (ahead !== null && ahead.queueAt >= 0) this.#grant(slow, ahead, nowUs);
  }

  /** A waker well behind takes the PCPU of whoever is furthest ahead. */
  #preempt(nowUs: number): void {
    for (const entity of this.#woke) {
      if (entity.queueAt < 0) continue;
      let victim: Pcpu<T> | null = null;
      let mostUs = entity.account.virtualUs + PREEMPT_MARGIN_US;
      for (const pcpu of this.pcpus) {
        if (pcpu.run === null || pcpu.run.account.virtualUs <= mostUs || !this.#mayHave(entity, pcpu))
          continue;
        mostUs = pcpu.run.account.virtualUs;
        victim = pcpu;
      }
      if (victim !== null) this.start(entity, victim, nowUs);
    }
    this.#woke.length = 0;
  }

  #spanUs(entity: Entity<T>): number {
    return grantSpanUs(entity.vm.limit, Math.max(1, entity.vm.wanting), this.options.quantumUs);
  }

  #grant(pcpu: Pcpu<T>, entity: Entity<T>, nowUs: number): void {
    this.#ready.remove(entity);
    if (entity.lastPcpu !== null && entity.lastPcpu !== pcpu) entity.migrations++;
    pcpu.run = entity;
    pcpu.endUs = nowUs + this.#spanUs(entity);
    pcpu.expired = false;
    entity.on = pcpu;
    entity.lastPcpu = pcpu;
    entity.grants++;
    this.dispatches++;
    this.#beginMeasure(pcpu, entity, nowUs);
    this.port.grant(entity, pcpu, nowUs);
    this.hooks.granted(entity, pcpu, nowUs);
  }

  #revoke(entity: Entity<T>, nowUs: number): void {
    const pcpu = entity.on;
    if (pcpu === null) return;
    pcpu.run = null;
    entity.on = null;
    entity.mayOwe = entity.wants;
    this.port.revoke(entity, pcpu, nowUs);
    this.hooks.revoked(entity, pcpu, nowUs);
    this.#enqueue(entity);
  }

  /** A quantum ends only where somebody waits, or where a limit must be watched. */
  #nextLook(nowUs: number): number {
    let next = Math.min(nowUs + LONGEST_SLEEP_US, this.hooks.nextUs(nowUs));
    if (this.#stale) next = Math.min(next, this.#entitledAtUs + ENTITLE_PERIOD_US);
    for (const vm of this.#dry) next = Math.min(next, gatheredAtUs(vm.limit, this.options.quantumUs));
    for (const { run, endUs } of this.pcpus) {
      if (run === null || endUs >= next) continue;
      if (this.someoneWaits || run.vm.limit.max < run.vm.wanting) next = endUs;
    }
    return next;
  }
}

function drop<X>(list: X[], item: X): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}
