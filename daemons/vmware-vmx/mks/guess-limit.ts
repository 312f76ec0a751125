const FREE_FAILURES = 5;
const FIRST_BLOCK_MS = 10_000;
const MAX_BLOCK_MS = 600_000;
const MAX_ADDRESSES = 256;

/** Keeps an address from guessing passwords: after five failures in a row it waits, each time twice as long. */
export class GuessLimit {
  readonly #failures = new Map<string, { count: number; blockedUntilMs: number }>();

  constructor(private readonly nowMs: () => number) {}

  isBlocked(address: string): boolean {
    return (this.#failures.get(address)?.blockedUntilMs ?? 0) > this.nowMs();
  }

  failed(address: string): void {
    const count = (this.#failures.get(address)?.count ?? 0) + 1;
    const over = count - FREE_FAILURES;
    const blockMs = over < 0 ? 0 : Math.min(FIRST_BLOCK_MS * 2 ** over, MAX_BLOCK_MS);
    this.#failures.delete(address);
    this.#failures.set(address, { count, blockedUntilMs: this.nowMs() + blockMs });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= MAX_ADDRESSES) break;
      this.#failures.delete(oldest);
    }
  }

  succeeded(address: string): void {
    this.#failures.delete(address);
  }
}
