import type { Logger } from '../../lib/log/index.js';

/** Steps of a power-on, in order. Tests ask for a failure after one of them. */
export const POWER_ON_STEPS = [
  'lock',
  'config',
  'admit',
  'rows',
  'runDir',
  'report',
  'ram',
  'disks',
  'fork',
  'attach',
  'worlds',
  'grant',
] as const;
export type PowerOnStep = (typeof POWER_ON_STEPS)[number];

/** A failure that a test asked for. */
export class InjectedFailure extends Error {
  override readonly name = 'InjectedFailure';
  constructor(readonly step: string) {
    super(`failure injected after step ${step}`);
  }
}

interface Entry {
  readonly step: string;
  readonly undo: () => void | Promise<void>;
}

/**
 * What one VM holds: process, worlds, reservations, RAM, locks, disks, files. A thing is entered before it is made,
 * so that its undo runs even when making it failed half way; undo therefore copes with a thing that is not there.
 * Unwinding runs in reverse, once, and goes on past an undo that fails.
 */
export class Ledger {
  readonly #entries: Entry[] = [];
  #unwound: Promise<void> | null = null;

  constructor(
    private readonly log: Logger,
    private readonly failAfterStep: string | undefined,
  ) {}

  async step<T>(
    step: PowerOnStep,
    make: () => T | Promise<T>,
    undo?: () => void | Promise<void>,
  ): Promise<T> {
    if (this.#unwound !== null) throw new InjectedFailure(step);
    if (undo !== undefined) this.#entries.push({ step, undo });
    const made = await make();
    if (this.failAfterStep === step) throw new InjectedFailure(step);
    return made;
  }

  unwind(): Promise<void> {
    this.#unwound ??= this.#undoAll();
    return this.#unwound;
  }

  async #undoAll(): Promise<void> {
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) {
      try {
        await entry.undo();
      } catch (error) {
        this.log.error({ err: error, step: entry.step }, 'undo failed');
      }
    }
  }
}
