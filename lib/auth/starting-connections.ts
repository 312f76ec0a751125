/** A connection, as far as it can be ended. */
export interface Droppable {
  destroy(): void;
}

export interface StartingLimits {
  /** Connections that have not logged in. */
  max: number;
  maxPerAddress: number;
  /** How long one may take to log in. */
  graceMs: number;
}

export type DropReason = 'no login in time' | 'too many from its address' | 'too many without a login';

/**
 * Connections that have not logged in yet. A new one always gets in: when its address has its share, or all places
 * are taken, the oldest goes, so that those who only hold places lock nobody out.
 */
export class StartingConnections<T extends Droppable> {
  readonly #limits: StartingLimits;
  readonly #onDrop: (address: string, reason: DropReason) => void;
  /** In the order in which they came. */
  readonly #entries = new Map<T, { address: string; timer: NodeJS.Timeout }>();

  constructor(limits: StartingLimits, onDrop: (address: string, reason: DropReason) => void) {
    this.#limits = limits;
    this.#onDrop = onDrop;
  }

  get size(): number {
    return this.#entries.size;
  }

  add(connection: T, address: string): void {
    const ofAddress = [...this.#entries].filter(([, entry]) => entry.address === address);
    if (ofAddress.length >= this.#limits.maxPerAddress)
      this.#drop(ofAddress[0]?.[0], 'too many from its address');
    else if (this.#entries.size >= this.#limits.max)
      this.#drop([...this.#entries.keys()][0], 'too many without a login');
    const timer = setTimeout(() => this.#drop(connection, 'no login in time'), this.#limits.graceMs);
    this.#entries.set(connection, { address, timer });
  }

  /** It has logged in, or it is gone. */
  remove(connection: T): void {
    clearTimeout(this.#entries.get(connection)?.timer);
    this.#entries.delete(connection);
  }

  destroyAll(): void {
    for (const connection of [...this.#entries.keys()]) {
      this.remove(connection);
      connection.destroy();
    }
  }

  #drop(connection: T | undefined, reason: DropReason): void {
    const entry = connection === undefined ? undefined : this.#entries.get(connection);
    if (connection === undefined || entry === undefined) return;
    this.remove(connection);
    this.#onDrop(entry.address, reason);
    connection.destroy();
  }
}
