import {
  ManagedObjectReference,
  type ObjectSpec,
  type SelectionSpec,
  type TraversalSpec,
  typeNameOf,
  type VimSchema,
} from '../../vim/index.js';
import type { ManagedObject, ReadContext } from '../object/managed-object.js';
import { invalidArgument } from '../object/vim-fault.js';
import { readProperty } from './read-property.js';

export interface SelectionScope {
  readonly schema: VimSchema;
  readonly context: ReadContext;
  find(moid: string): ManagedObject | undefined;
}

export interface Selected {
  /** By moid, each once, in the order of discovery. */
  readonly objects: ReadonlyMap<string, ManagedObject>;
  /** `moid property` of everything the walk went through: a change there may select others. */
  readonly passed: ReadonlySet<string>;
}

/**
 * Walks from the starting objects along the traversal specs. A spec visits an object once, so that selection
 * sets which refer to each other end.
 */
export function selectObjects(
  scope: SelectionScope,
  starts: readonly { readonly spec: ObjectSpec; readonly object: ManagedObject }[],
): Selected {
  const walk = new SelectionWalk(scope);
  for (const { spec, object } of starts) walk.start(spec, object);
  return walk;
}

class SelectionWalk implements Selected {
  readonly objects = new Map<string, ManagedObject>();
  readonly passed = new Set<string>();
  readonly #scope: SelectionScope;
  readonly #visited = new Map<TraversalSpec, Set<string>>();
  #named = new Map<string, SelectionSpec>();

  constructor(scope: SelectionScope) {
    this.#scope = scope;
  }

  start(spec: ObjectSpec, object: ManagedObject): void {
    this.#named = new Map();
    this.#collectNames(spec.selectSet ?? []);
    if (spec.skip !== true) this.objects.set(object.ref.value, object);
    const pending = [{ object, selectSet: spec.selectSet ?? [] }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { object: from, selectSet } = next;
      const found = selectSet.flatMap(selection => this.#follow(from, this.#resolve(selection)));
      pending.push(...found.reverse());
    }
  }

  #collectNames(selectSet: readonly SelectionSpec[]): void {
    for (const selection of selectSet) {
      if (!isTraversal(selection)) continue;
      if (selection.name !== undefined) this.#named.set(selection.name, selection);
      this.#collectNames(selection.selectSet ?? []);
    }
  }

  #resolve(selection: SelectionSpec): TraversalSpec {
    const found = isTraversal(selection) ? selection : this.#named.get(selection.name ?? '');
    if (found === undefined || !isTraversal(found)) throw invalidArgument('selectSet');
    return found;
  }

  #follow(from: ManagedObject, spec: TraversalSpec): { object: ManagedObject; selectSet: SelectionSpec[] }[] {
    const { schema, context } = this.#scope;
    if (!schema.isA(from.objectClass.typeName, spec.type) || !this.#firstVisit(from, spec)) return [];
    this.passed.add(`${from.ref.value} ${firstName(spec.path)}`);
    const value = readProperty(schema, from, spec.path, context)?.value;
    const targets: readonly unknown[] = Array.isArray(value) ? value : [value];
    return targets.flatMap(target => {
      if (!(target instanceof ManagedObjectReference)) return [];
      const object = this.#scope.find(target.value);
      if (object === undefined) return [];
      if (spec.skip !== true) this.objects.set(object.ref.value, object);
      return [{ object, selectSet: spec.selectSet ?? [] }];
    });
  }

  #firstVisit(from: ManagedObject, spec: TraversalSpec): boolean {
    const seen = this.#visited.get(spec) ?? new Set();
    this.#visited.set(spec, seen);
    if (seen.has(from.ref.value)) return false;
    seen.add(from.ref.value);
    return true;
  }
}

function isTraversal(selection: SelectionSpec): selection is TraversalSpec {
  return typeNameOf(selection) === 'TraversalSpec';
}

/** First-level property of a path. */
export function firstName(path: string): string {
  return /^[^.[]*/.exec(path)?.[0] ?? '';
}
