import type { Entity } from './entity.js';

/** The entities that could run now, least virtual time first: a binary heap that knows each one's place. */
export class ReadyQueue<T> {
  readonly #heap: Entity<T>[] = [];
  /** Beyond this nobody is looked for. */
  #mostUs = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#heap.length;
  }

  get first(): Entity<T> | null {
    return this.#heap[0] ?? null;
  }

  add(entity: Entity<T>): void {
    if (entity.queueAt >= 0) return;
    this.#heap.push(entity);
    this.#rise(this.#heap.length - 1, entity);
  }

  remove(entity: Entity<T>): void {
    const at = entity.queueAt;
    if (at < 0) return;
    entity.queueAt = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === entity) return;
    this.#place(at, last);
    this.moved(last);
  }

  /** Its virtual time has changed. */
  moved(entity: Entity<T>): void {
    const at = entity.queueAt;
    if (at < 0) return;
    this.#rise(at, entity);
    if (entity.queueAt === at) this.#sink(at, entity);
  }

  /** The virtual times of many have changed. */
  reorder(): void {
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) {
      const entity = this.#heap[at];
      if (entity !== undefined) this.#sink(at, entity);
    }
  }

  /** Who has least virtual time of those that `permits` lets through for a PCPU. @param mostUs and no more than that */
  bestWhere<P>(
    permits: (entity: Entity<T>, pcpu: P) => boolean,
    pcpu: P,
    mostUs = Number.POSITIVE_INFINITY,
  ): Entity<T> | null {
    this.#mostUs = mostUs;
    return this.#bestBelow(0, null, permits, pcpu);
  }

  /** Below a place of the heap nobody has less than who is there: most of it need not be looked at. */
  #bestBelow<P>(
    at: number,
    best: Entity<T> | null,
    permits: (entity: Entity<T>, pcpu: P) => boolean,
    pcpu: P,
  ): Entity<T> | null {
    const entity = this.#heap[at];
    if (entity === undefined || entity.account.virtualUs > this.#mostUs) return best;
    if (best !== null && entity.account.virtualUs >= best.account.virtualUs) return best;
    if (permits(entity, pcpu)) return entity;
    const left = this.#bestBelow(2 * at + 1, best, permits, pcpu);
    return this.#bestBelow(2 * at + 2, left, permits, pcpu);
  }

  #place(at: number, entity: Entity<T>): void {
    this.#heap[at] = entity;
    entity.queueAt = at;
  }

  #rise(from: number, entity: Entity<T>): void {
    let at = from;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = this.#heap[up];
      if (parent === undefined || parent.account.virtualUs <= entity.account.virtualUs) break;
      this.#place(at, parent);
      at = up;
    }
    this.#place(at, entity);
  }

  #sink(from: number, entity: Entity<T>): void {
    let at = from;
    for (;;) {
      const child = this.#lesserChild(at);
      if (child === null || child.account.virtualUs >= entity.account.virtualUs) break;
      const below = child.queueAt;
      this.#place(at, child);
      at = below;
    }
    this.#place(at, entity);
  }

  #lesserChild(at: number): Entity<T> | null {
    const left = this.#heap[2 * at + 1];
    const right = this.#heap[2 * at + 2];
    if (left === undefined) return null;
    if (right === undefined || left.account.virtualUs <= right.account.virtualUs) return left;
    return right;
  }
}
