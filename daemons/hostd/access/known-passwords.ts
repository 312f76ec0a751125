import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { statSync } from 'node:fs';
import { verifyPassword } from '../../../lib/auth/index.js';

export interface KnownPasswordsPaths {
  readonly shadow: string;
  readonly passwd: string;
}

interface Known {
  readonly mac: Buffer;
  readonly stamp: string;
}

const maxKnown = 256;
const dayMs = 86_400_000;

/**
 * Whether a password is a user's. One that was right is remembered as a hash under a key that is this process's
 * alone, until an account or the day is another: asking again costs microseconds instead of a crypt(3).
 */
export class KnownPasswords {
  readonly #paths: KnownPasswordsPaths;
  readonly #key = randomBytes(32);
  readonly #known = new Map<string, Known>();

  constructor(paths: KnownPasswordsPaths) {
    this.#paths = paths;
  }

  /** Rejects only when the shadow file cannot be read. */
  async verify(user: string, password: string): Promise<boolean> {
    const stamp = this.#stamp();
    const mac = this.#mac(user, password);
    const known = this.#known.get(user);
    if (known !== undefined && known.stamp === stamp && timingSafeEqual(known.mac, mac)) return true;
    const isRight = await verifyPassword(this.#paths.shadow, user, password);
    if (isRight) this.#remember(user, { mac, stamp });
    return isRight;
  }

  #remember(user: string, known: Known): void {
    this.#known.delete(user);
    this.#known.set(user, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
  }

  #mac(user: string, password: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([user, password]))
      .digest();
  }

  /** An account expires by the day, without a change of the file. */
  #stamp(): string {
    const { shadow, passwd } = this.#paths;
    return [stampOf(shadow), stampOf(passwd), Math.floor(Date.now() / dayMs)].join(' ');
  }
}

function stampOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? '-' : `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
}
