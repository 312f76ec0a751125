import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Ticket {
  readonly userName: string;
  readonly password: string;
  readonly path: string;
  readonly expiresMs: number;
}

const lifetimeMs = 30_000;
const maxTickets = 64;

/**
 * One-time passwords in files that only the named user can read: who can read the file is that user. At most
 * 64 are out at a time, because anybody may ask for one; the oldest is void when another is made.
 */
export class LocalTickets {
  readonly #folder: string;
  readonly #tickets = new Map<string, Ticket>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param owner uid and gid to give the file to */
  async issue(
    userName: string,
    owner: { uid: number; gid: number },
  ): Promise<{ userName: string; path: string }> {
    await this.#makeRoom();
    await mkdir(this.#folder, { recursive: true, mode: 0o711 });
    const path = join(this.#folder, randomBytes(16).toString('hex'));
    const password = randomBytes(24).toString('hex');
    this.#tickets.set(path, { userName, password, path, expiresMs: Date.now() + lifetimeMs });
    await writeFile(path, password, { mode: 0o600, flag: 'wx' });
    if (process.getuid?.() === 0) await chown(path, owner.uid, owner.gid);
    return { userName, path };
  }

  /** Whether the password is that of a ticket of this user; it serves once. */
  async redeem(userName: string, password: string): Promise<boolean> {
    const now = Date.now();
    const found = [...this.#tickets.values()].find(
      ticket => ticket.userName === userName && ticket.expiresMs > now && isSame(ticket.password, password),
    );
    if (found === undefined) return false;
    await this.#void(found);
    return true;
  }

  async #makeRoom(): Promise<void> {
    const now = Date.now();
    const expired = [...this.#tickets.values()].filter(ticket => ticket.expiresMs <= now);
    const oldest =
      this.#tickets.size - expired.length >= maxTickets ? [...this.#tickets.values()].slice(0, 1) : [];
    for (const ticket of [...expired, ...oldest]) await this.#void(ticket);
  }

  async #void(ticket: Ticket): Promise<void> {
    this.#tickets.delete(ticket.path);
    await rm(ticket.path, { force: true });
  }
}

function isSame(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
