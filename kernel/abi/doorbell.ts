import type { BellFileWriter } from './generated.js';

/**
 * Doorbells of worlds. `kick` is the only way to make a world runnable: it leaves a reason and rings the scheduler.
 * The futex wake and the clock are given in, so that this file stays free of system calls.
 */
export class Doorbell {
  constructor(
    private readonly file: BellFileWriter,
    private readonly wakeScheduler: () => void,
    private readonly nowUs: () => number,
  ) {}

  kick(worldRow: number, reason: number): void {
    const { bell } = this.file;
    const before = Atomics.or(bell.i32, bell.reasonsIndex(worldRow), reason);
    if (before === 0) bell.setKickedUs(worldRow, this.nowUs());
    Atomics.add(bell.i32, bell.kicksIndex(worldRow), 1);
    this.ring();
  }

  /** Makes the scheduler look, for a report or a changed table. */
  ring(): void {
    const control = this.file.bellControl;
    Atomics.add(control.i32, control.ringsIndex(), 1);
    this.wakeScheduler();
  }

  /** The world takes its reasons; nobody else clears them. */
  take(worldRow: number): number {
    const { bell } = this.file;
    const at = bell.reasonsIndex(worldRow);
    return Atomics.load(bell.i32, at) === 0 ? 0 : Atomics.exchange(bell.i32, at, 0);
  }

  pending(worldRow: number): boolean {
    return this.file.bell.reasons(worldRow) !== 0;
  }
}
