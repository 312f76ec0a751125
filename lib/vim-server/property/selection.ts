import { ManagedObjectReference, type ObjectSpec, type VimSchema } from '../../vim/index.js';
import type { ManagedObject, ReadContext } from '../object/managed-object.js';
import type { ChangeFollower, ObjectChange, ObjectRegistry } from '../object/object-registry.js';
import { VimFault } from '../object/vim-fault.js';
import { readProperty } from './read-property.js';
import { type Edge, noEdges, noteMembers, type SelectionNode } from './selection-graph.js';
import { resolveTraversals, type Traversal } from './traversal.js';

export interface SelectionScope {
  readonly schema: VimSchema;
  readonly context: ReadContext;
  find(moid: string): ManagedObject | undefined;
}

export interface SelectionStart {
  readonly moid: string;
  /** The start itself is not selected. */
  readonly skip: boolean;
  readonly traversals: readonly Traversal[];
}

/** @throws VimFault for selection sets that cannot be followed */
export function selectionStarts(
  { schema, context }: SelectionScope,
  objectSet: readonly ObjectSpec[],
): SelectionStart[] {
  return objectSet.map(({ obj, skip, selectSet }) => ({
    moid: obj.value,
    skip: skip === true,
    traversals: resolveTraversals(schema, selectSet ?? [], context),
  }));
}

/** Who is told what a selection comes to hold. */
export interface SelectionEvents {
  selected?(object: ManagedObject): void;
  deselected?(object: ManagedObject): void;
  /** A selected object has changed. */
  modified?(object: ManagedObject, properties: readonly string[]): void;
  /** There is something for `refresh` to do. */
  outdated?(): void;
}

export interface SelectionOptions {
  readonly scope: SelectionScope;
  readonly starts: readonly SelectionStart[];
  readonly events?: SelectionEvents;
  /** Whose changes are followed; without one the selection is made once. */
  readonly registry?: ObjectRegistry;
}

/**
 * The objects that traversals reach from some starts, each once. A change only marks the edges of the graph that
 * it passes through; `refresh` walks those again, and beyond them only what is new. An object is followed while
 * something leads to it.
 */
export class Selection implements ChangeFollower {
  readonly #scope: SelectionScope;
  readonly #starts: readonly SelectionStart[];
  readonly #events: SelectionEvents;
  readonly #registry: ObjectRegistry | undefined;
  readonly #nodes = new Map<string, SelectionNode>();
  readonly #staleNodes = new Set<SelectionNode>();
  readonly #staleEdges = new Set<Edge>();
  /** Edges made but not walked yet; the last is the next. */
  readonly #toWalk: Edge[] = [];
  #mustSweep = false;

  constructor({ scope, starts, events = {}, registry }: SelectionOptions) {
    this.#scope = scope;
    this.#starts = starts;
    this.#events = events;
    this.#registry = registry;
    for (const start of starts) {
      const node = this.#acquire(start.moid, start.skip);
      this.#leave(node, start.traversals);
      this.#walk();
    }
  }

  get isOutdated(): boolean {
    return this.#staleNodes.size > 0 || this.#staleEdges.size > 0;
  }

  /** Everything selected. */
  *objects(): Iterable<ManagedObject> {
    for (const { object, selecting } of this.#nodes.values()) {
      if (object !== undefined && selecting > 0) yield object;
    }
  }

  /** Moids of starts that name no object. */
  missingStarts(): string[] {
    const missing = this.#starts.filter(({ moid }) => this.#nodes.get(moid)?.object === undefined);
    return [...new Set(missing.map(start => start.moid))];
  }

  note(change: ObjectChange): void {
    const node = this.#nodes.get(change.object.ref.value);
    if (node === undefined) return;
    const wasOutdated = this.isOutdated;
    if (change.kind !== 'modified') this.#staleNodes.add(node);
    // A moid can stand for another object in each session: collectors do.
    else if (node.object === change.object) this.#noteModified(node, change);
    if (!wasOutdated && this.isOutdated) this.#events.outdated?.();
  }

  /** Everything may be seen and read otherwise than before. */
  distrust(): void {
    for (const node of this.#nodes.values()) {
      this.#staleNodes.add(node);
      for (const edge of node.edges) {
        edge.pending = 'all';
        this.#staleEdges.add(edge);
      }
    }
  }

  #noteModified(node: SelectionNode, change: ObjectChange): void {
    for (const edge of node.edges) {
      if (!change.properties.includes(edge.traversal.property)) continue;
      noteMembers(edge, change.members);
      this.#staleEdges.add(edge);
    }
    if (node.selecting > 0) this.#events.modified?.(change.object, change.properties);
  }

  /** Follows what has changed since the last time. */
  refresh(): void {
    if (!this.isOutdated) return;
    for (const node of this.#staleNodes) this.#renew(node);
    this.#staleNodes.clear();
    for (const edge of this.#staleEdges) this.#update(edge);
    this.#staleEdges.clear();
    this.#walk();
    if (this.#mustSweep) this.#sweep();
  }

  close(): void {
    for (const moid of this.#nodes.keys()) this.#registry?.unfollow(moid, this);
    this.#nodes.clear();
    this.#staleNodes.clear();
    this.#staleEdges.clear();
  }

  #acquire(moid: string, skip: boolean): SelectionNode {
    let node = this.#nodes.get(moid);
    if (node === undefined) {
      node = { moid, object: this.#scope.find(moid), incoming: 0, selecting: 0, edges: noEdges };
      this.#nodes.set(moid, node);
      this.#registry?.follow(moid, this);
    }
    node.incoming += 1;
    if (skip) return node;
    node.selecting += 1;
    if (node.selecting === 1 && node.object !== undefined) this.#events.selected?.(node.object);
    return node;
  }

  #release(node: SelectionNode, skip: boolean): void {
    node.incoming -= 1;
    if (!skip) {
      node.selecting -= 1;
      if (node.selecting === 0 && node.object !== undefined) this.#events.deselected?.(node.object);
    }
    if (node.incoming > 0) {
      if (node.edges.length > 0) this.#mustSweep = true;
      return;
    }
    this.#nodes.delete(node.moid);
    this.#staleNodes.delete(node);
    this.#registry?.unfollow(node.moid, this);
    this.#dropEdges(node);
  }

  #dropEdges(node: SelectionNode): void {
    const { edges } = node;
    node.edges = noEdges;
    for (const edge of edges) this.#drop(edge);
  }

  #drop(edge: Edge): void {
    this.#staleEdges.delete(edge);
    const targets = [...edge.targets];
    edge.targets.clear();
    for (const target of targets) this.#release(target, edge.traversal.skip);
  }

  /** Makes the edges by which the traversals lead on from here. */
  #leave(node: SelectionNode, traversals: readonly Traversal[]): void {
    if (node.object === undefined) return;
    const { typeName } = node.object.objectClass;
    for (let index = traversals.length - 1; index >= 0; index -= 1) {
      const traversal = traversals[index];
      if (traversal === undefined || !this.#scope.schema.isA(typeName, traversal.type)) continue;
      if (node.edges.some(edge => edge.traversal === traversal)) continue;
      const edge: Edge = { from: node, traversal, targets: new Set(), pending: 'none' };
      node.edges = [...node.edges, edge];
      this.#toWalk.push(edge);
    }
  }

  #walk(): void {
    for (let edge = this.#toWalk.pop(); edge !== undefined; edge = this.#toWalk.pop()) {
      // It may have been dropped before its turn came.
      if (!edge.from.edges.includes(edge)) continue;
      const targets = [...new Set(this.#read(edge))].map(moid => this.#acquire(moid, edge.traversal.skip));
      for (const target of targets) edge.targets.add(target);
      for (const target of targets.reverse()) this.#leave(target, edge.traversal.next);
    }
  }

  /** A property that cannot be read leads nowhere. */
  #read({ from, traversal }: Edge): string[] {
    const { schema, context } = this.#scope;
    if (from.object === undefined) return [];
    try {
      const value = readProperty(schema, from.object, traversal.path, context)?.value;
      const members: readonly unknown[] = Array.isArray(value) ? value : [value];
      return members.flatMap(member => (member instanceof ManagedObjectReference ? [member.value] : []));
    } catch (error) {
      if (!(error instanceof VimFault)) throw error;
      return [];
    }
  }

  #update(edge: Edge): void {
    const { pending } = edge;
    edge.pending = 'none';
    if (pending === 'none') return;
    const isMember = pending === 'all' ? membership(edge, this.#read(edge)) : pending;
    for (const [moid, belongs] of isMember) {
      const known = this.#nodes.get(moid);
      const belonged = known !== undefined && edge.targets.has(known);
      if (belongs === belonged) continue;
      if (belongs) this.#lead(edge, moid);
      else if (known !== undefined && edge.targets.delete(known)) this.#release(known, edge.traversal.skip);
    }
  }

  #lead(edge: Edge, moid: string): void {
    const target = this.#acquire(moid, edge.traversal.skip);
    edge.targets.add(target);
    this.#leave(target, edge.traversal.next);
  }

  /** The moid stands for another object now, or for none. */
  #renew(node: SelectionNode): void {
    const object = this.#scope.find(node.moid);
    if (object === node.object || !this.#nodes.has(node.moid)) return;
    this.#dropEdges(node);
    if (node.object !== undefined && node.selecting > 0) this.#events.deselected?.(node.object);
    node.object = object;
    if (object === undefined) return;
    if (node.selecting > 0) this.#events.selected?.(object);
    for (const start of this.#starts) if (start.moid === node.moid) this.#leave(node, start.traversals);
    for (const other of this.#nodes.values()) {
      for (const edge of other.edges) if (edge.targets.has(node)) this.#leave(node, edge.traversal.next);
    }
  }

  /** Takes away what only its own circle still leads to. */
  #sweep(): void {
    this.#mustSweep = false;
    const reached = new Set<Edge>();
    const reach = (node: SelectionNode | undefined, traversals: readonly Traversal[]): void => {
      for (const edge of node?.edges ?? []) if (traversals.includes(edge.traversal)) reached.add(edge);
    };
    for (const start of this.#starts) reach(this.#nodes.get(start.moid), start.traversals);
    // A set goes on over what is added to it meanwhile.
    for (const { targets, traversal } of reached) {
      if (traversal.next.length > 0) for (const target of targets) reach(target, traversal.next);
    }
    for (const node of [...this.#nodes.values()]) {
      const lost = node.edges.filter(edge => !reached.has(edge));
      if (lost.length === 0) continue;
      node.edges = node.edges.filter(edge => reached.has(edge));
      for (const edge of lost) this.#drop(edge);
    }
    this.#mustSweep = false;
  }
}

/** What a list read anew says of each of its members, old and new. */
function membership(edge: Edge, now: readonly string[]): Map<string, boolean> {
  const isMember = new Map<string, boolean>();
  for (const { moid } of edge.targets) isMember.set(moid, false);
  for (const moid of now) isMember.set(moid, true);
  return isMember;
}
