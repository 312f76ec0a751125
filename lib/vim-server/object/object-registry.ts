import type { ManagedObjectReference } from '../../vim/index.js';
import type { ManagedObject } from './managed-object.js';

/** Which members came to a list of references and which left it. */
export interface ListChange {
  readonly added?: readonly ManagedObjectReference[];
  readonly removed?: readonly ManagedObjectReference[];
}

export interface ObjectChange {
  readonly object: ManagedObject;
  readonly kind: 'added' | 'removed' | 'modified';
  /** First-level properties whose value may be another one; of a modified object only. */
  readonly properties: readonly string[];
  /** All that happened to the one property that is named, where it is a list and this is known. */
  readonly members?: ListChange;
}

export interface ChangeFollower {
  note(change: ObjectChange): void;
}

/**
 * All objects by moid, and who follows which of them: a change goes to those who follow its object and to nobody
 * else. Session-owned objects are in their sessions; their changes are told here too.
 */
export class ObjectRegistry {
  readonly #objects = new Map<string, ManagedObject>();
  readonly #followers = new Map<string, Set<ChangeFollower>>();

  find(moid: string): ManagedObject | undefined {
    return this.#objects.get(moid);
  }

  all(): Iterable<ManagedObject> {
    return this.#objects.values();
  }

  add(object: ManagedObject): void {
    this.#objects.set(object.ref.value, object);
    this.#tell({ object, kind: 'added', properties: [] });
  }

  /** Says that the object is no more; also for objects that a session owned. */
  remove(object: ManagedObject): void {
    const moid = object.ref.value;
    if (this.#objects.get(moid) === object) this.#objects.delete(moid);
    this.#tell({ object, kind: 'removed', properties: [] });
  }

  /** Says that properties have changed; also for objects that a session owns. */
  changed(object: ManagedObject, ...properties: readonly string[]): void {
    this.#tell({ object, kind: 'modified', properties });
  }

  /** Says what came to a list of references and what left it, so that nobody need read the list again. */
  listChanged(object: ManagedObject, property: string, members: ListChange): void {
    this.#tell({ object, kind: 'modified', properties: [property], members });
  }

  /** From now on the follower is told what happens to the object of this moid, be it there or not. */
  follow(moid: string, follower: ChangeFollower): void {
    const followers = this.#followers.get(moid);
    if (followers === undefined) this.#followers.set(moid, new Set([follower]));
    else followers.add(follower);
  }

  unfollow(moid: string, follower: ChangeFollower): void {
    const followers = this.#followers.get(moid);
    if (followers?.delete(follower) === true && followers.size === 0) this.#followers.delete(moid);
  }

  #tell(change: ObjectChange): void {
    const followers = this.#followers.get(change.object.ref.value);
    if (followers === undefined) return;
    for (const follower of [...followers]) follower.note(change);
  }
}
