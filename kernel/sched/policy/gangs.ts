import { HtSharing } from '../../abi/index.js';
import { type CoschedMode, Gang } from './cosched.js';
import type { Dispatcher } from './dispatcher.js';
import type { Entity, Pcpu, VmClaim } from './entity.js';

/** A stopped gang takes PCPUs from those that are this much further ahead in virtual time. */
const TAKE_MARGIN_US = 5000;
/** A stopped gang that could not start looks again after this. */
const RETRY_US = 2000;
/** Siblings follow a vCPU that went first after this. */
const FOLLOW_US = 50;
/** Nobody loses a PCPU to a gang sooner. */
const LEAST_RUN_US = 2000;
const LEAST_SIZE = 2;

interface Member<T> {
  readonly vm: VmClaim<T>;
  readonly gang: Gang;
  readonly entities: readonly Entity<T>[];
  /** Since when its vCPUs are as `running` and `halted` say. */
  atUs: number;
  running: number;
  halted: number;
  /** Its stop was carried out. */
  held: boolean;
}

/** Co-scheduling of all SMP VMs on a dispatcher: stops and starts their vCPUs as `Gang` says (scheduler.md 3.2). */
export class Gangs<T> {
  readonly #members: Member<T>[] = [];
  readonly #ofVm = new Map<VmClaim<T>, Member<T>>();
  readonly #places: Pcpu<T>[] = [];

  constructor(
    private readonly pcpus: readonly Pcpu<T>[],
    private readonly mode: CoschedMode,
    private readonly permits: (entity: Entity<T>, pcpu: Pcpu<T>) => boolean,
  ) {}

  /** VMs with one vCPU have nothing to keep in step. */
  add(vm: VmClaim<T>, nowUs: number): void {
    if (this.mode === 'none' || vm.entities.length < LEAST_SIZE || this.#ofVm.has(vm)) return;
    const gang = new Gang(vm.entities.length, this.mode);
    const member = {
      vm,
      gang,
      entities: [...vm.entities],
      atUs: nowUs,
      running: 0,
      halted: gang.all,
      held: false,
    };
    this.#members.push(member);
    this.#ofVm.set(vm, member);
  }

  remove(vm: VmClaim<T>): void {
    const member = this.#ofVm.get(vm);
    if (member === undefined) return;
    this.#ofVm.delete(vm);
    this.#members.splice(this.#members.indexOf(member), 1);
  }

  of(vm: VmClaim<T>): Gang | null {
    return this.#ofVm.get(vm)?.gang ?? null;
  }

  /** To be called when a vCPU of the VM has got or lost a PCPU, halted or woken. */
  settle(vm: VmClaim<T>, nowUs: number): void {
    const member = this.#ofVm.get(vm);
    if (member !== undefined) this.#settle(member, nowUs);
  }

  #settle(member: Member<T>, nowUs: number): void {
    member.gang.accrue(nowUs - member.atUs, member.running, member.halted);
    member.atUs = nowUs;
    member.running = running(member);
    member.halted = halted(member);
  }

  /** Stops VMs whose vCPUs drifted apart, starts those that fit. */
  look(dispatcher: Dispatcher<T>, nowUs: number): void {
    for (const member of this.#members) {
      this.#settle(member, nowUs);
      if (member.gang.stopped && !member.held) this.#stop(member, dispatcher, nowUs);
    }
    for (const member of this.#members) if (member.held) this.#tryStart(member, dispatcher, nowUs);
  }

  /** When the next VM will have to stop, or a stopped one may try again, µs. */
  nextUs(nowUs: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const member of this.#members) {
      const { gang } = member;
      if (gang.stopped !== member.held) next = nowUs;
      else if (!gang.stopped) next = Math.min(next, nowUs + gang.untilStopUs(member.running, member.halted));
      else if (member.running !== 0) next = Math.min(next, nowUs + FOLLOW_US);
      else if (wanting(member)) next = Math.min(next, nowUs + RETRY_US);
    }
    return next;
  }

  #stop(member: Member<T>, dispatcher: Dispatcher<T>, nowUs: number): void {
    member.held = true;
    for (const entity of member.entities) dispatcher.hold(entity, nowUs);
    // Who lags would else have to wait until others of its own VM, which may not run, have had as much.
    const virtualUs = meanVirtualUs(member);
    for (const { wants, account } of member.entities) if (wants) account.virtualUs = virtualUs;
  }

  #tryStart(member: Member<T>, dispatcher: Dispatcher<T>, nowUs: number): void {
    if (member.vm.limits.some(({ dry }) => dry) || !wanting(member)) return;
    const needed = member.gang.needed(member.halted);
    const together = member.entities.filter((_, i) => (needed & (1 << i)) !== 0);
    if (together.length >= LEAST_SIZE && !this.#findPlaces(member, together, dispatcher, nowUs)) return;
    if (together.length === 1 && !goesFirst(together[0], dispatcher, nowUs)) return;
    member.gang.start();
    member.held = false;
    for (const entity of member.entities) dispatcher.release(entity, nowUs);
    if (together.length < LEAST_SIZE) return;
    together.forEach((entity, i) => {
      const pcpu = this.#places[i];
      if (pcpu !== undefined) dispatcher.start(entity, pcpu, nowUs);
    });
  }

  /** A PCPU for each: free ones, then those of entities further ahead. */
  #findPlaces(
    member: Member<T>,
    together: readonly Entity<T>[],
    dispatcher: Dispatcher<T>,
    nowUs: number,
  ): boolean {
    const ourUs = meanVirtualUs(member);
    if (this.#othersFirst(member, ourUs, dispatcher)) return false;
    this.#places.length = 0;
    for (const entity of together) {
      const pcpu = this.#placeFor(entity, ourUs, dispatcher, nowUs);
      if (pcpu === null) return false;
      this.#places.push(pcpu);
    }
    return true;
  }

  /** Somebody who waits for one of its PCPUs is further behind. */
  #othersFirst({ vm }: Member<T>, ourUs: number, dispatcher: Dispatcher<T>): boolean {
    const pcpu = this.pcpus.find(({ number }) => vm.mayUse(number));
    const next = pcpu === undefined ? null : dispatcher.nextFor(pcpu);
    return next !== null && next.account.virtualUs < ourUs;
  }

  #placeFor(entity: Entity<T>, ourUs: number, dispatcher: Dispatcher<T>, nowUs: number): Pcpu<T> | null {
    let best: Pcpu<T> | null = null;
    let mostUs = ourUs + TAKE_MARGIN_US;
    for (const pcpu of this.pcpus) {
      if (this.#places.includes(pcpu) || !entity.vm.mayUse(pcpu.number) || !this.permits(entity, pcpu))
        continue;
      if (entity.vm.htSharing === HtSharing.none && this.#places.some(p => p.core === pcpu.core)) continue;
      if (pcpu.run === null || pcpu.run === entity) return pcpu;
      if (nowUs - pcpu.measuredAtUs < LEAST_RUN_US) continue;
      dispatcher.charge(pcpu.run, nowUs);
      if (pcpu.run.account.virtualUs <= mostUs) continue;
      mostUs = pcpu.run.account.virtualUs;
      best = pcpu;
    }
    return best;
  }
}

function running<T>({ entities }: Member<T>): number {
  let bits = 0;
  entities.forEach((entity, i) => {
    if (entity.on !== null) bits |= 1 << i;
  });
  return bits;
}

function halted<T>({ entities }: Member<T>): number {
  let bits = 0;
  entities.forEach((entity, i) => {
    if (!entity.wants || entity.resting) bits |= 1 << i;
  });
  return bits;
}

function wanting<T>({ entities }: Member<T>): boolean {
  return entities.some(entity => entity.wants && !entity.resting);
}

/** What the VM as a whole has had. */
function meanVirtualUs<T>({ entities }: Member<T>): number {
  const wanting = entities.filter(entity => entity.wants);
  return wanting.reduce((sum, { account }) => sum + account.virtualUs, 0) / wanting.length;
}

/** A single vCPU that lags competes alone; the others follow once it runs. @returns whether it runs */
function goesFirst<T>(entity: Entity<T> | undefined, dispatcher: Dispatcher<T>, nowUs: number): boolean {
  if (entity === undefined) return false;
  dispatcher.release(entity, nowUs);
  return entity.on !== null;
}
