import { charge, creditOnWake, virtualOf } from './account.js';
import { Delivery } from './delivery.js';
import { Entitlements } from './entitlements.js';
import type { Entity, Pcpu, VmClaim } from './entity.js';
import { type DispatchHooks, type DispatchPort, plainHooks } from './hooks.js';
import { type Bucket, Limits } from './limits.js';
import { ReadyQueue } from './ready-queue.js';
import type { GroupTree } from './tree.js';

export interface DispatchOptions {
  /** Longest time an entity keeps a PCPU while another waits (Cpu.Quantum). */
  quantumUs: number;
  /** Quanta of credit that an entity keeps while it sleeps (Cpu.BoundLagQuanta). */
  boundLagQuanta: number;
}

/** A waker takes a PCPU from an entity that is ahead of it by more than this. */
const PREEMPT_MARGIN_US = 500;
/** CPU by which an entity may be ahead of another one and still be the one that goes on where it last ran. */
const STAY_US = 2000;
/** Its driver looks again after this at the latest. */
const LONGEST_SLEEP_US = 90_000;
const END_MARGIN_US = 5;
const MOST_TRIES = 4;

/**
 * Dispatch: grants PCPUs to entities by their accounts. Pure: it is told who wakes and who sleeps, what time it is and
 * what was used, and answers by `port.grant` and `port.revoke`. `pass` says when to look again.
 *
 * - The queue holds who could run now: wants, no PCPU, not held, not stalled, no limit dry.
 * - Who has least virtual time (CPU charged ÷ entitlement) runs next; an overrun is debt by itself.
 */
export class Dispatcher<T> {
  readonly vms: VmClaim<T>[] = [];
  dispatches = 0;
  readonly #ready = new ReadyQueue<T>();
  readonly #woke: Entity<T>[] = [];
  readonly #entitlements: Entitlements<T>;
  readonly #limits: Limits<T>;
  readonly #delivery: Delivery<T>;
  /** When the present pass began. */
  #passUs = 0;

  constructor(
    readonly pcpus: readonly Pcpu<T>[],
    readonly tree: GroupTree,
    private readonly port: DispatchPort<T>,
    readonly options: DispatchOptions,
    private readonly hooks: DispatchHooks<T> = plainHooks(),
  ) {
    this.#entitlements = new Entitlements(tree);
    this.#limits = new Limits(tree, pcpus, options, this.#turn);
    this.#delivery = new Delivery(pcpus, port, options);
  }

  /** Somebody could run and has no PCPU. */
  get someoneWaits(): boolean {
    return this.#ready.size > 0;
  }

  /** PCPUs that VMs can have: what console, daemons and others leave. */
  get capacity(): number {
    return this.#delivery.capacity;
  }

  /** Who would get a PCPU if it were free now, null = nobody. */
  nextFor(pcpu: Pcpu<T>): Entity<T> | null {
    return this.#ready.bestWhere(this.#mayHave, pcpu);
  }

  add(entity: Entity<T>, nowUs: number): void {
    const { vm } = entity;
    if (vm.entities.length === 0) {
      this.vms.push(vm);
      this.#limits.link(vm, nowUs);
    }
    vm.entities.push(entity);
    entity.account.virtualUs = this.#entitlements.floorUs;
  }

  remove(entity: Entity<T>, nowUs: number): void {
    const { vm } = entity;
    this.sleep(entity, nowUs);
    drop(vm.entities, entity);
    if (vm.entities.length > 0) return;
    drop(this.vms, vm);
    this.#limits.unlink(vm);
    this.tree.demand[vm.node] = 0;
  }

  /** Shares, reservations, limits, affinity or the tree have changed. */
  reconfigured(nowUs: number): void {
    this.#entitlements.treeChanged();
    // What was used until now is paid by the limits it was used under.
    for (const { run } of this.pcpus) if (run !== null && run.vm.limits.length > 0) this.charge(run, nowUs);
    this.#limits.sync(this.vms, nowUs);
    for (const vm of this.vms) for (const entity of vm.entities) this.#enqueue(entity, nowUs);
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
    entity.limited = false;
    this.#entitlements.wantsChanged();
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

  release(entity: Entity<T>, nowUs: number): void {
    if (!entity.held) return;
    entity.held = false;
    this.#enqueue(entity, nowUs);
  }

  /** Puts a runnable entity on a PCPU, whoever has it: for co-starts and moves. */
  start(entity: Entity<T>, pcpu: Pcpu<T>, nowUs: number): void {
    if (entity.on === pcpu || !entity.wants || entity.held || entity.stalled) return;
    if (entity.vm.limits.length > 0) this.charge(entity, nowUs);
    if (entity.vm.dry || !this.#limits.permit(entity, pcpu)) return;
    const loser = pcpu.run;
    if (loser !== null) this.#revoke(loser, nowUs);
    if (entity.on !== null) this.#revoke(entity, nowUs);
    this.#grant(pcpu, entity, nowUs);
    if (loser !== null) this.charge(loser, nowUs);
  }

  /** Charges what an entity used since the last time. */
  charge(entity: Entity<T>, nowUs: number): void {
    const usedUs = this.port.usedUs(entity, nowUs);
    const { on } = entity;
    entity.mayOwe = false;
    charge(entity.account, usedUs);
    this.#ready.moved(entity);
    if (on !== null) on.measuredUs += usedUs;
    if (entity.lastPcpu !== null) entity.lastPcpu.chargedUs += usedUs;
    this.#limits.settle(entity.vm, usedUs, nowUs);
  }

  /** @returns when to look again, µs */
  pass(nowUs: number): number {
    this.#passUs = nowUs;
    this.#expire(nowUs);
    this.#limits.gather(this.#charge, nowUs);
    this.#liftFloor();
    this.hooks.look(nowUs);
    for (const pcpu of this.pcpus) if (pcpu.expired) this.#renew(pcpu, nowUs);
    this.#fillFree(nowUs);
    this.#leaveSlowPcpus(nowUs);
    this.#preempt(nowUs);
    // Last: a waker does not wait for it.
    if (nowUs >= this.#entitlements.dueUs) this.#entitle(nowUs);
    return this.#nextLook(nowUs);
  }

  get #creditUs(): number {
    return this.options.quantumUs * this.options.boundLagQuanta;
  }

  #comeBack(entity: Entity<T>, nowUs: number): void {
    this.#entitlements.wantsChanged();
    creditOnWake(entity.account, this.#entitlements.floorUs, this.#creditUs);
    this.#limits.settle(entity.vm, 0, nowUs);
    this.#enqueue(entity, nowUs);
    this.#woke.push(entity);
  }

  #enqueue(entity: Entity<T>, nowUs: number): void {
    if (!entity.wants || entity.on !== null || entity.held || entity.stalled) return;
    const { dry } = entity.vm;
    this.#setLimited(entity, dry, nowUs);
    if (dry) this.#ready.remove(entity);
    else this.#ready.add(entity);
  }

  #setLimited(entity: Entity<T>, limited: boolean, nowUs: number): void {
    if (entity.limited === limited) return;
    this.port.account(entity, nowUs);
    entity.limited = limited;
  }

  /** A limit has run dry, or has tokens again. */
  readonly #turn = (bucket: Bucket<T>, nowUs: number): void => {
    for (const vm of bucket.vms) for (const entity of vm.entities) this.#enqueue(entity, nowUs);
  };

  readonly #charge = (entity: Entity<T>, nowUs: number): void => this.charge(entity, nowUs);

  #entitle(nowUs: number): void {
    const { capacity } = this;
    this.#entitlements.compute(this.vms, this.pcpus, { nowUs, creditUs: this.#creditUs, capacity });
    this.#ready.reorder();
  }

  #expire(nowUs: number): void {
    for (const pcpu of this.pcpus) {
      pcpu.expired = false;
      const { run } = pcpu;
      if (run === null || nowUs < pcpu.endUs - END_MARGIN_US) continue;
      this.charge(run, nowUs);
      if (this.#delivery.stands(pcpu, run, nowUs)) this.#stall(run, nowUs);
      else {
        this.#delivery.end(pcpu, run, nowUs);
        pcpu.expired = true;
        this.#entitlements.capacityIs(this.capacity);
      }
    }
  }

  #stall(entity: Entity<T>, nowUs: number): void {
    entity.stalled = true;
    entity.vm.wanting--;
    this.#entitlements.wantsChanged();
    this.#revoke(entity, nowUs);
  }

  /** The floor of virtual time follows who is furthest behind of those that run or could. */
  #liftFloor(): void {
    let floor = this.#ready.first?.account.virtualUs ?? Number.POSITIVE_INFINITY;
    for (const { run } of this.pcpus)
      if (run !== null && !run.resting) floor = Math.min(floor, run.account.virtualUs);
    const entitlements = this.#entitlements;
    if (floor !== Number.POSITIVE_INFINITY && floor > entitlements.floorUs) entitlements.floorUs = floor;
  }

  /** Whether it may have a PCPU in place of who has it. */
  readonly #mayHave = (entity: Entity<T>, pcpu: Pcpu<T>): boolean => {
    if (!entity.vm.mayUse(pcpu.number) || !this.hooks.permits(entity, pcpu)) return false;
    if (this.#limits.permit(entity, pcpu)) return true;
    if (pcpu.run === null && entity.on === null) this.#setLimited(entity, true, this.#passUs);
    return false;
  };

  readonly #stays = (entity: Entity<T>, pcpu: Pcpu<T>): boolean =>
    entity.lastPcpu === pcpu && entity.vm.limits.length === 0 && this.#mayHave(entity, pcpu);

  /** Who is furthest behind; of those next to it one that goes on where it last ran. */
  #best(pcpu: Pcpu<T>, nowUs: number): Entity<T> | null {
    const best = this.#furthestBehind(pcpu, nowUs);
    if (best === null || best.lastPcpu === pcpu) return best;
    const mostUs = best.account.virtualUs + virtualOf(best.account, STAY_US);
    const near = this.#ready.bestWhere(this.#stays, pcpu, mostUs);
    if (near === null) return best;
    if (near.mayOwe) this.charge(near, nowUs);
    return near.account.virtualUs <= mostUs ? near : best;
  }

  /** … once what it overran since its last grant is charged; that may bring others first. */
  #furthestBehind(pcpu: Pcpu<T>, nowUs: number): Entity<T> | null {
    let best = this.#ready.bestWhere(this.#mayHave, pcpu);
    for (let tries = 0; tries < MOST_TRIES && best !== null; tries++) {
      if (!best.mayOwe && best.vm.limits.length === 0) break;
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
    const may = current.vm.mayUse(pcpu.number) && this.#limits.mayKeep(current);
    if (may && (next === null || current.account.virtualUs <= next.account.virtualUs)) {
      pcpu.endUs = nowUs + this.#limits.spanUs(current);
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
        if (!this.#delivery.isSlower(slow, fast)) continue;
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

  #grant(pcpu: Pcpu<T>, entity: Entity<T>, nowUs: number): void {
    this.#ready.remove(entity);
    if (entity.lastPcpu !== null && entity.lastPcpu !== pcpu) entity.migrations++;
    pcpu.run = entity;
    entity.on = pcpu;
    this.#limits.count(entity, 1);
    pcpu.endUs = nowUs + this.#limits.spanUs(entity);
    pcpu.expired = false;
    entity.lastPcpu = pcpu;
    entity.grants++;
    this.dispatches++;
    this.#delivery.begin(pcpu, entity, nowUs);
    this.port.grant(entity, pcpu, nowUs);
    entity.limited = false;
    this.hooks.granted(entity, pcpu, nowUs);
  }

  #revoke(entity: Entity<T>, nowUs: number): void {
    const pcpu = entity.on;
    if (pcpu === null) return;
    pcpu.run = null;
    entity.on = null;
    this.#limits.count(entity, -1);
    entity.mayOwe = entity.wants;
    this.port.revoke(entity, pcpu, nowUs);
    this.hooks.revoked(entity, pcpu, nowUs);
    this.#enqueue(entity, nowUs);
  }

  /** A quantum ends only where somebody waits, or where a limit must be watched. */
  #nextLook(nowUs: number): number {
    let next = Math.min(nowUs + LONGEST_SLEEP_US, this.hooks.nextUs(nowUs));
    next = Math.min(next, this.#limits.nextUs(), this.#entitlements.dueUs);
    for (const { run, endUs } of this.pcpus) {
      if (run === null || endUs >= next) continue;
      if (this.someoneWaits || run.vm.limits.length > 0) next = endUs;
    }
    return next;
  }
}

function drop<X>(list: X[], item: X): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}
