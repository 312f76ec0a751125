import { BellFileWriter, SchedFile } from './generated.js';
import { mayRun } from './states.js';

/** What a doorbell needs of Linux; given in, so that this file stays free of system calls. lib/linux has it all. */
export interface DoorbellSystem {
  mapFile(path: string, sizeBytes: number, writable: boolean): { address: number; memory: ArrayBuffer };
  /** Wakes who sleeps on the word at an address. */
  futexWake(address: number): unknown;
  nowUs(): number;
}

/**
 * Doorbells of worlds. `kick` is the only way to make a world runnable: it leaves a reason and wakes who has to act.
 *
 * A halted world that still holds its grant needs no decision: the kick wakes its monitor, and the scheduler sees at its
 * next pass that `rings` has moved. No kick is lost: reasons are set before `rings` moves, and the scheduler goes round
 * again when `rings` moved during a pass, so a grant taken away meanwhile is given back. `signals` is the word on which a
 * monitor sleeps; it moves at every kick and every new grant, so that whoever looked before sleeping sleeps not.
 */
export class Doorbell {
  readonly #bell: BellFileWriter;
  readonly #sched: SchedFile;
  readonly #bellAddress: number;
  readonly #system: DoorbellSystem;

  private constructor(
    bell: { address: number; memory: ArrayBuffer },
    sched: ArrayBuffer,
    system: DoorbellSystem,
  ) {
    this.#bell = new BellFileWriter(bell.memory);
    this.#bellAddress = bell.address;
    this.#sched = new SchedFile(sched);
    this.#system = system;
  }

  static open(shmDir: string, system: DoorbellSystem): Doorbell {
    const bell = system.mapFile(`${shmDir}/${BellFileWriter.NAME}`, BellFileWriter.SIZE_BYTES, true);
    const sched = system.mapFile(`${shmDir}/${SchedFile.NAME}`, SchedFile.SIZE_BYTES, false);
    return new Doorbell(bell, sched.memory, system);
  }

  kick(worldRow: number, reason: number): void {
    const { bell, bellControl } = this.#bell;
    const atUs = this.#system.nowUs();
    if (bell.reasons(worldRow) === 0) bell.setKickedUs(worldRow, atUs);
    Atomics.or(bell.i32, bell.reasonsIndex(worldRow), reason);
    Atomics.add(bell.i32, bell.signalsIndex(worldRow), 1);
    Atomics.add(bellControl.i32, bellControl.ringsIndex(), 1);
    if (mayRun(this.#sched.schedWorld.grant(worldRow))) this.#wakeMonitor(worldRow);
    else this.#wakeScheduler();
  }

  /** Makes the scheduler look, for a report or a changed table. */
  ring(): void {
    const { bellControl } = this.#bell;
    Atomics.add(bellControl.i32, bellControl.ringsIndex(), 1);
    this.#wakeScheduler();
  }

  /** A world has a new grant. */
  signal(worldRow: number): void {
    const { bell } = this.#bell;
    Atomics.add(bell.i32, bell.signalsIndex(worldRow), 1);
    this.#wakeMonitor(worldRow);
  }

  /** The word on which a monitor sleeps; it reads it before it looks whether it may. */
  signals(worldRow: number): number {
    return this.#bell.bell.signals(worldRow);
  }

  signalsAddress(worldRow: number): number {
    return this.#bellAddress + this.#bell.bell.signalsIndex(worldRow) * 4;
  }

  /** The world takes its reasons; nobody else clears them. */
  take(worldRow: number): number {
    const { bell } = this.#bell;
    const at = bell.reasonsIndex(worldRow);
    return Atomics.load(bell.i32, at) === 0 ? 0 : Atomics.exchange(bell.i32, at, 0);
  }

  pending(worldRow: number): boolean {
    return this.#bell.bell.reasons(worldRow) !== 0;
  }

  /** When the first of the reasons was set that are there now or were taken last, µs. */
  kickedUs(worldRow: number): number {
    return this.#bell.bell.kickedUs(worldRow);
  }

  #wakeMonitor(worldRow: number): void {
    this.#system.futexWake(this.signalsAddress(worldRow));
  }

  #wakeScheduler(): void {
    const { bellControl } = this.#bell;
    this.#system.futexWake(this.#bellAddress + bellControl.ringsIndex() * 4);
  }
}
