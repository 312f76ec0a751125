import { CLOCK_THREAD_CPUTIME_ID, clockUs, Epoll, eventfdClear } from '../../../lib/linux/index.js';
import type { Doorbell } from '../../abi/index.js';
import { LunQueue } from './lun-queue.js';
import { Mailbox } from './mailbox.js';
import type { ThreadVm } from './messages.js';
import type { StorageStatistics } from './statistics.js';
import { VmDisks } from './vm-disks.js';

const SLEEP_MS = 100;
/** Requests taken from one ring before the next ring has its turn. */
const TURN_REQUESTS = 32;
const TAG_CONTROL = 0;
const TAG_WORK = 1;
/** World ids are the tags of rings; they are above these. */

export interface StorageLoopOptions {
  readonly controlFd: number;
  readonly workFd: number;
  readonly asleep: Int32Array;
}

export interface StorageLoopEvents {
  /** The control doorbell rang. */
  onControl(): void;
  onRingBroken(worldId: number): void;
}

/**
 * The storage thread's work: sleeps in epoll on doorbells, takes requests from rings in turns, collects what I/O
 * workers have done, kicks worlds. A ring says `asleep` exactly while it is not in #awake.
 */
export class StorageLoop {
  readonly #options: StorageLoopOptions;
  readonly #doorbell: Doorbell;
  readonly #statistics: StorageStatistics;
  readonly #events: StorageLoopEvents;
  readonly #epoll = new Epoll();
  readonly #luns = new Map<string, LunQueue>();
  readonly #vms = new Map<number, VmDisks>();
  readonly #awake = new Set<VmDisks>();

  constructor(
    options: StorageLoopOptions,
    doorbell: Doorbell,
    statistics: StorageStatistics,
    events: StorageLoopEvents,
  ) {
    this.#options = options;
    this.#doorbell = doorbell;
    this.#statistics = statistics;
    this.#events = events;
    this.#epoll.add(options.controlFd, TAG_CONTROL);
    this.#epoll.add(options.workFd, TAG_WORK);
  }

  addLun(lun: string, mailboxes: readonly SharedArrayBuffer[]): void {
    this.#luns.set(lun, new LunQueue(mailboxes.map(memory => new Mailbox(memory))));
  }

  attach(vm: ThreadVm): void {
    const disks = new VmDisks(vm, lun => {
      const queue = this.#luns.get(lun);
      if (queue === undefined) throw new Error(`no LUN ${lun}`);
      return queue;
    });
    try {
      this.#epoll.add(vm.doorbellFd, vm.worldId);
    } catch (error) {
      disks.close(() => undefined);
      throw error;
    }
    this.#vms.set(vm.worldId, disks);
    this.#awake.add(disks);
  }

  /** `onDetached` follows when no I/O of the VM is under way; at once when it is unknown. */
  detach(worldId: number, onDetached: () => void): void {
    const vm = this.#vms.get(worldId);
    if (vm === undefined) {
      onDetached();
      return;
    }
    this.#epoll.remove(vm.doorbellFd);
    this.#vms.delete(worldId);
    this.#awake.delete(vm);
    vm.close(() => {
      this.#statistics.publish(vm.figures);
      onDetached();
    });
  }

  /** One pass: waits until there is something to do, and does it. */
  turn(): void {
    const ready = this.#epoll.wait(this.#mayWait() ? SLEEP_MS : 0);
    Atomics.store(this.#options.asleep, 0, 0);
    const startUs = clockUs(CLOCK_THREAD_CPUTIME_ID);
    for (let i = 0; i < ready; i++) this.#answerDoorbell(this.#epoll.tag(i));
    for (const queue of this.#luns.values()) queue.collect();
    for (const vm of this.#awake) this.#serve(vm);
    this.#finishTurn(startUs);
  }

  #mayWait(): boolean {
    if (this.#awake.size > 0) return false;
    Atomics.store(this.#options.asleep, 0, 1);
    // A worker that saw "awake" a moment ago has not rung.
    for (const queue of this.#luns.values()) if (queue.hasResult) return false;
    return true;
  }

  #answerDoorbell(tag: number): void {
    if (tag === TAG_CONTROL) {
      eventfdClear(this.#options.controlFd);
      this.#events.onControl();
      return;
    }
    if (tag === TAG_WORK) {
      eventfdClear(this.#options.workFd);
      return;
    }
    const vm = this.#vms.get(tag);
    if (vm === undefined) return;
    eventfdClear(vm.doorbellFd);
    vm.awake();
    this.#awake.add(vm);
  }

  #serve(vm: VmDisks): void {
    if (vm.serve(TURN_REQUESTS)) return;
    if (vm.broken) this.#events.onRingBroken(vm.worldId);
    else if (vm.sleep()) return;
    this.#awake.delete(vm);
  }

  /** Kicks whoever has completions and publishes; the pass's own CPU time is shared by number of completions. */
  #finishTurn(startUs: number): void {
    let posted = 0;
    for (const vm of this.#vms.values()) posted += vm.posted;
    if (posted === 0) return;
    const spentUs = clockUs(CLOCK_THREAD_CPUTIME_ID) - startUs;
    for (const vm of this.#vms.values()) {
      if (vm.posted === 0) continue;
      vm.figures.cpuUs += (spentUs * vm.posted) / posted;
      const reason = vm.takeKick();
      if (reason !== 0) this.#doorbell.kick(vm.vmmWorldRow, reason);
      this.#statistics.publish(vm.figures);
    }
  }
}
