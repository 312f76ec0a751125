import {
  ManagedObjectReference,
  type MissingProperty,
  type ObjectSpec,
  type ObjectUpdate,
  type PropertyChange,
  type PropertyFilterSpec,
  type TypedValue,
} from '../../vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../object/managed-object.js';
import type { ObjectChange } from '../object/object-registry.js';
import { managedObjectNotFound } from '../object/vim-fault.js';
import { partialChanges, sameValue } from './compare-values.js';
import {
  askedPaths,
  checkPropertySpecs,
  isAskedFor,
  type PropertyValues,
  readProperties,
} from './object-properties.js';
import { type Selected, type SelectionScope, selectObjects } from './selection.js';

interface Reported {
  readonly object: ManagedObject;
  readonly paths: readonly string[];
  shown: PropertyValues;
}

/**
 * What a client has been told about the objects of one filter spec, and what has happened since. A change only
 * marks; values are read and compared when the client asks.
 */
export class PropertyFilter implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = propertyFilterClass;
  readonly spec: PropertyFilterSpec;
  readonly partialUpdates: boolean;
  readonly #scope: SelectionScope;
  readonly #destroy: (filter: PropertyFilter) => void;
  readonly #reported = new Map<string, Reported>();
  readonly #modified = new Set<string>();
  #passed: ReadonlySet<string> = new Set();
  #reselect = true;

  /** @throws VimFault for an object that does not exist, a type or a property that does not exist */
  constructor(
    options: { moid: string; spec: PropertyFilterSpec; partialUpdates: boolean },
    dependencies: { scope: SelectionScope; destroy: (filter: PropertyFilter) => void },
  ) {
    this.ref = new ManagedObjectReference('PropertyFilter', options.moid);
    this.spec = options.spec;
    this.partialUpdates = options.partialUpdates;
    this.#scope = dependencies.scope;
    this.#destroy = dependencies.destroy;
    checkPropertySpecs(this.#scope.schema, this.spec.propSet, this.#scope.context);
    for (const { obj } of this.spec.objectSet) {
      if (this.#scope.find(obj.value) === undefined) throw managedObjectNotFound(obj);
    }
    this.#select();
  }

  destroy(): void {
    this.#destroy(this);
  }

  /** @returns whether the change may concern this filter */
  note(change: ObjectChange): boolean {
    const moid = change.object.ref.value;
    const isReported = this.#reported.has(moid);
    if (change.kind === 'removed' && isReported) this.#reselect = true;
    if (change.properties.some(name => this.#passed.has(`${moid} ${name}`))) this.#reselect = true;
    if (change.kind === 'modified' && isReported) this.#modified.add(moid);
    return this.hasPending();
  }

  hasPending(): boolean {
    return this.#reselect || this.#modified.size > 0;
  }

  /** Forgets what was reported, so that the next updates are the full state. */
  restart(): void {
    this.#reported.clear();
    this.#modified.clear();
    this.#reselect = true;
  }

  /** At most `limit` updates since the last call; the rest stays for the next one. */
  takeUpdates(limit: number): ObjectUpdate[] {
    const updates: ObjectUpdate[] = [];
    if (this.#reselect) this.#reselect = !this.#takeSelectionUpdates(updates, limit);
    for (const moid of [...this.#modified]) {
      if (updates.length >= limit) break;
      this.#modified.delete(moid);
      const update = this.#modifyUpdate(moid);
      if (update !== undefined) updates.push(update);
    }
    return updates;
  }

  /** @returns whether all enter and leave updates found room */
  #takeSelectionUpdates(updates: ObjectUpdate[], limit: number): boolean {
    const selected = this.#select();
    for (const [moid, { object }] of [...this.#reported]) {
      if (selected.objects.get(moid) === object) continue;
      if (updates.length >= limit) return false;
      this.#reported.delete(moid);
      this.#modified.delete(moid);
      updates.push({ kind: 'leave', obj: object.ref });
    }
    for (const object of selected.objects.values()) {
      if (this.#reported.has(object.ref.value) || !isAskedFor(this.#scope.schema, object, this.spec.propSet))
        continue;
      if (updates.length >= limit) return false;
      updates.push(this.#enter(object));
    }
    return true;
  }

  #select(): Selected {
    const starts = this.spec.objectSet.flatMap((spec: ObjectSpec) => {
      const object = this.#scope.find(spec.obj.value);
      return object === undefined ? [] : [{ spec, object }];
    });
    const selected = selectObjects(this.#scope, starts);
    this.#passed = selected.passed;
    return selected;
  }

  #enter(object: ManagedObject): ObjectUpdate {
    const { schema, context } = this.#scope;
    const paths = askedPaths(schema, object, this.spec.propSet, context);
    const shown = readProperties(schema, object, paths, context);
    this.#reported.set(object.ref.value, { object, paths, shown });
    const changeSet = [...shown.values].map(([name, val]): PropertyChange => ({ name, op: 'assign', val }));
    return { kind: 'enter', obj: object.ref, ...sets(changeSet, shown.missing) };
  }

  #modifyUpdate(moid: string): ObjectUpdate | undefined {
    const reported = this.#reported.get(moid);
    if (reported === undefined) return undefined;
    const before = reported.shown;
    const now = readProperties(this.#scope.schema, reported.object, reported.paths, this.#scope.context);
    reported.shown = now;
    const changeSet = reported.paths.flatMap(path =>
      this.#changes(path, before.values.get(path), now.values.get(path)),
    );
    const missing = sameValue(before.missing, now.missing) ? [] : now.missing;
    if (changeSet.length === 0 && missing.length === 0) return undefined;
    return { kind: 'modify', obj: reported.object.ref, ...sets(changeSet, missing) };
  }

  #changes(path: string, before: TypedValue | undefined, after: TypedValue | undefined): PropertyChange[] {
    if (after === undefined) return before === undefined ? [] : [{ name: path, op: removal(path) }];
    if (before === undefined) return [{ name: path, op: 'assign', val: after }];
    if (this.partialUpdates) return partialChanges(this.#scope.schema, path, before, after);
    return sameValue(before.value, after.value) ? [] : [{ name: path, op: 'assign', val: after }];
  }
}

/** A property that is unset is assigned nothing; one inside another went away with it. */
function removal(path: string): 'assign' | 'indirectRemove' {
  return path.includes('.') || path.includes('[') ? 'indirectRemove' : 'assign';
}

function sets(changeSet: PropertyChange[], missingSet: readonly MissingProperty[]): Partial<ObjectUpdate> {
  return {
    ...(changeSet.length > 0 ? { changeSet } : {}),
    ...(missingSet.length > 0 ? { missingSet: [...missingSet] } : {}),
  };
}

export const propertyFilterClass = defineClass<'PropertyFilter', PropertyFilter>('PropertyFilter', {
  properties: {
    spec: filter => filter.spec,
    partialUpdates: filter => filter.partialUpdates,
  },
  methods: { DestroyPropertyFilter: filter => filter.destroy() },
});
