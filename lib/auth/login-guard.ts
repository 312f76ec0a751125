import { setTimeout as sleep } from 'node:timers/promises';

/** Who tries to log in, and from where. */
export interface LoginAttempt {
  /** Undefined: any user who may not log in at all; they are counted as one. */
  readonly account: string | undefined;
  readonly address: string;
}

export interface LoginGuardDependencies {
  nowMs(): number;
  sleep(delayMs: number): Promise<unknown>;
  /** An account is closed to an address for a minute. */
  lockedOut(attempt: LoginAttempt): void;
}

interface Failures {
  count: number;
  /** When each of the last minute was; never empty. */
  times: number[];
  lockedUntilMs: number;
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
/** So many failures within a minute close the account to the address for a minute. */
const maxFailures = 10;
const failureWindowMs = 60_000;
const lockMs = 60_000;

/**
 * Guessing takes time: after n wrong passwords the next one for the same account from the same address is looked at
 * 0.25, 0.5, 1, 2 or 4 s after it came, right or wrong; after ten within a minute none is for a minute. Nobody else
 * waits, so nobody can lock an account out from other addresses. The wait comes before the check, so hanging up
 * early tells and saves nothing.
 */
export class LoginGuard {
  readonly #dependencies: LoginGuardDependencies;
  /** In the order of their last failures. */
  readonly #records = new Map<string, Failures>();

  constructor(dependencies: Partial<LoginGuardDependencies> = {}) {
    this.#dependencies = {
      nowMs: () => performance.now(),
      sleep,
      lockedOut: () => undefined,
      ...dependencies,
    };
  }

  /** @param verify whether the password is right */
  async check(attempt: LoginAttempt, verify: () => Promise<boolean>): Promise<boolean> {
    const key = JSON.stringify([attempt.account ?? null, attempt.address]);
    const before = this.#find(key);
    if (before !== undefined && !(await this.#admit(before))) return false;
    const isRight = await verify();
    if (isRight) this.#records.delete(key);
    else this.#fail(key, attempt);
    return isRight;
  }

  #find(key: string): Failures | undefined {
    const found = this.#records.get(key);
    const lastMs = found?.times.at(-1) ?? 0;
    if (found === undefined || this.#dependencies.nowMs() - lastMs < forgivenMs) return found;
    this.#records.delete(key);
    return undefined;
  }

  /** @returns false when the account is locked or too many wait already */
  async #admit(failures: Failures): Promise<boolean> {
    if (this.#isLocked(failures) || failures.waiting >= maxWaiting) return false;
    failures.waiting += 1;
    try {
      await this.#dependencies.sleep(Math.min(firstDelayMs * 2 ** (failures.count - 1), maxDelayMs));
    } finally {
      failures.waiting -= 1;
    }
    return !this.#isLocked(failures);
  }

  #isLocked(failures: Failures): boolean {
    return failures.lockedUntilMs > this.#dependencies.nowMs();
  }

  #fail(key: string, attempt: LoginAttempt): void {
    const failures = this.#records.get(key) ?? { count: 0, times: [], lockedUntilMs: 0, waiting: 0 };
    const nowMs = this.#dependencies.nowMs();
    failures.count += 1;
    failures.times.push(nowMs);
    const recent = failures.times.filter(timeMs => nowMs - timeMs < failureWindowMs);
    failures.times = recent;
    if (recent.length >= maxFailures) {
      failures.lockedUntilMs = nowMs + lockMs;
      failures.times = [nowMs];
      this.#dependencies.lockedOut(attempt);
    }
    this.#remember(key, failures);
  }

  #remember(key: string, failures: Failures): void {
    this.#records.delete(key);
    this.#records.set(key, failures);
    const [oldest] = this.#records.keys();
    if (this.#records.size > maxRecords && oldest !== undefined) this.#records.delete(oldest);
  }
}
