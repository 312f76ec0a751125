import type { DatastoreInfo } from '../abi/index.js';

/** How far the free space moves, as a part of the datastore's size, before anybody is told. */
const TOLD_FRACTION = 0.01;

export interface SpaceWatchParts {
  list(): Promise<readonly DatastoreInfo[]>;
  /** The volume's free space is another one, or it comes or goes. */
  moved(volume: string): void;
}

/**
 * Free space changes by writes that nobody tells the VMkernel of: by guests, and by people in the service console. It is
 * looked at now and then, here alone, and the change feed says when it is worth a look.
 */
export class SpaceWatch {
  readonly #told = new Map<string, DatastoreInfo>();
  #looking = false;

  constructor(private readonly parts: SpaceWatchParts) {}

  /** One look; none while the former waits for a datastore that hangs. */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      for (const info of await this.parts.list()) this.#note(info);
    } finally {
      this.#looking = false;
    }
  }

  #note(info: DatastoreInfo): void {
    const told = this.#told.get(info.volume);
    if (told !== undefined && !isWorthTelling(told, info)) return;
    this.#told.set(info.volume, info);
    if (told !== undefined) this.parts.moved(info.volume);
  }
}

function isWorthTelling(told: DatastoreInfo, now: DatastoreInfo): boolean {
  if (told.accessible !== now.accessible || told.capacityBytes !== now.capacityBytes) return true;
  return Math.abs(told.freeBytes - now.freeBytes) > now.capacityBytes * TOLD_FRACTION;
}
