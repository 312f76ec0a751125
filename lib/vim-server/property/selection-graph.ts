import type { ManagedObject } from '../object/managed-object.js';
import type { ListChange } from '../object/object-registry.js';
import type { Traversal } from './traversal.js';

/** An object that a selection has come to, or a moid of none that something names. */
export interface SelectionNode {
  readonly moid: string;
  object: ManagedObject | undefined;
  /** Edges and starts that lead here, and those of them that select. */
  incoming: number;
  selecting: number;
  edges: readonly Edge[];
}

/** Most nodes are leaves: they share this. */
export const noEdges: readonly Edge[] = [];

/** A traversal taken from one object. */
export interface Edge {
  readonly from: SelectionNode;
  readonly traversal: Traversal;
  readonly targets: Set<SelectionNode>;
  /** What may have become of its targets: nothing, the membership of some moids, or anything. */
  pending: 'none' | 'all' | Map<string, boolean>;
}

/** Above so many noted members the list is read again instead, so that nobody's absence makes the notes grow. */
const maxNotedMembers = 1024;

export function noteMembers(edge: Edge, members: ListChange | undefined): void {
  const isWholeList = edge.traversal.path === edge.traversal.property;
  if (members === undefined || !isWholeList || edge.pending === 'all') {
    edge.pending = 'all';
    return;
  }
  const pending = edge.pending === 'none' ? new Map<string, boolean>() : edge.pending;
  for (const { value } of members.removed ?? []) pending.set(value, false);
  for (const { value } of members.added ?? []) pending.set(value, true);
  edge.pending = pending.size > maxNotedMembers ? 'all' : pending;
}
