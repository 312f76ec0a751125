import { setTimeout as sleep } from 'node:timers/promises';

/** Who tries to log in, and from where. */
export interface LoginAttempt {
  /** Undefined: any user who may not log in at all; they are counted as one. */
  readonly account: string | undefined;
  readonly address: string;
}

export interface LoginDelayDependencies {
  nowMs(): number;
  sleep(delayMs: number): Promise<unknown>;
}

interface Failures {
  count: number;
  lastMs: number;
  /** Attempts that wait now. */
  waiting: number;
}

const firstDelayMs = 250;
const maxDelayMs = 4000;
/** Of one account and address; more are not even looked at. */
const maxWaiting = 16;
/** After so long without a failure the account is free again for that address. */
const forgivenMs = 5 * 60_000;
const maxRecords = 1024;

/**
 * Guessing takes time: after n wrong passwords the next one for the same account from the same address is looked at
 * 0.25, 0.5, 1, 2 or 4 s after it came, right or wrong. Nobody else waits, and nobody is locked out. The wait comes
 * before the check, so hanging up early tells and saves nothing.
 */
export class LoginDelay {
  readonly #dependencies: LoginDelayDependencies;
  /** In the order of their last failures. */
  readonly #records = new Map<string, Failures>();

  constructor(dependencies: LoginDelayDependencies = { nowMs: () => performance.now(), sleep }) {
    this.#dependencies = dependencies;
  }

  /** @param verify whether the password is right */
  async check({ account, address }: LoginAttempt, verify: () => Promise<boolean>): Promise<boolean> {
    const key = JSON.stringify([account ?? null, address]);
    const before = this.#find(key);
    if (before !== undefined && !(await this.#wait(before))) return false;
    const isRight = await verify();
    if (isRight) this.#records.delete(key);
    else this.#fail(key);
    return isRight;
  }

  #find(key: string): Failures | undefined {
    const found = this.#records.get(key);
    if (found === undefined || this.#dependencies.nowMs() - found.lastMs < forgivenMs) return found;
    this.#records.delete(key);
    return undefined;
  }

  /** @returns false when too many wait already */
  async #wait(failures: Failures): Promise<boolean> {
    if (failures.waiting >= maxWaiting) return false;
    failures.waiting += 1;
    try {
      await this.#dependencies.sleep(Math.min(firstDelayMs * 2 ** (failures.count - 1), maxDelayMs));
    } finally {
      failures.waiting -= 1;
    }
    return true;
  }

  #fail(key: string): void {
    const failures = this.#records.get(key) ?? { count: 0, lastMs: 0, waiting: 0 };
    failures.count += 1;
    failures.lastMs = this.#dependencies.nowMs();
    this.#records.delete(key);
    this.#records.set(key, failures);
    const [oldest] = this.#records.keys();
    if (this.#records.size > maxRecords && oldest !== undefined) this.#records.delete(oldest);
  }
}
