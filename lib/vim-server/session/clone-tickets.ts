import { randomBytes } from 'node:crypto';

const lifetimeMs = 30_000;
const maxTickets = 256;

/** Tickets by which a session can be had once more: each serves once, for half a minute. */
export class CloneTickets {
  readonly #tickets = new Map<string, { readonly userName: string; readonly expiresMs: number }>();

  issue(userName: string): string {
    const [oldest] = this.#tickets.keys();
    if (this.#tickets.size >= maxTickets && oldest !== undefined) this.#tickets.delete(oldest);
    const ticket = `cst-VCT-${randomBytes(24).toString('hex')}`;
    this.#tickets.set(ticket, { userName, expiresMs: Date.now() + lifetimeMs });
    return ticket;
  }

  /** @returns whose it is */
  redeem(ticket: string): string | undefined {
    const found = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    return found !== undefined && found.expiresMs > Date.now() ? found.userName : undefined;
  }
}
