import {
  ManagedObjectReference,
  type MissingObject,
  type ObjectUpdate,
  type PropertyFilterSpec,
  type PropertyFilterUpdate,
} from '../../vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../object/managed-object.js';
import type { ObjectRegistry } from '../object/object-registry.js';
import { managedObjectNotFound } from '../object/vim-fault.js';
import { PropertyQuestion } from './object-properties.js';
import { ReportedObject, type ReportingRules } from './reported-object.js';
import { Selection, type SelectionScope, selectionStarts } from './selection.js';
import type { ValueQuota } from './value-quota.js';

export interface PropertyFilterDependencies {
  readonly scope: SelectionScope;
  readonly registry: ObjectRegistry;
  readonly quota: ValueQuota;
  destroyed(filter: PropertyFilter): void;
  /** There may be something to tell now. */
  pending(filter: PropertyFilter): void;
}

/**
 * What a client has been told about the objects of one filter spec, and what has happened since. A change only
 * marks; what it touched is read and compared when the client asks.
 */
export class PropertyFilter implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = propertyFilterClass;
  readonly spec: PropertyFilterSpec;
  readonly partialUpdates: boolean;
  readonly #dependencies: PropertyFilterDependencies;
  readonly #rules: ReportingRules;
  readonly #selection: Selection;
  readonly #reported = new Map<string, ReportedObject>();
  readonly #toLeave = new Set<ReportedObject>();
  readonly #toEnter = new Map<string, ManagedObject>();
  /** First-level properties by moid. */
  readonly #modified = new Map<string, Set<string>>();
  #toldMissing: ReadonlySet<string> = new Set();
  #isStarved = false;

  /** @throws VimFault for an object that does not exist, a type or a property that does not exist */
  constructor(
    options: { moid: string; spec: PropertyFilterSpec; partialUpdates: boolean },
    dependencies: PropertyFilterDependencies,
  ) {
    const { scope, registry } = dependencies;
    this.ref = new ManagedObjectReference('PropertyFilter', options.moid);
    this.spec = options.spec;
    this.partialUpdates = options.partialUpdates;
    this.#dependencies = dependencies;
    const question = new PropertyQuestion(scope.schema, this.spec.propSet, scope.context);
    this.#rules = { schema: scope.schema, question, partialUpdates: options.partialUpdates };
    const starts = selectionStarts(scope, this.spec.objectSet);
    if (this.spec.reportMissingObjectsInResults !== true) {
      for (const { obj } of this.spec.objectSet) {
        if (scope.find(obj.value) === undefined) throw managedObjectNotFound(obj);
      }
    }
    this.#selection = new Selection({
      scope,
      registry,
      starts,
      events: {
        selected: object => this.#noteSelected(object),
        deselected: object => this.#noteDeselected(object),
        modified: (object, properties) => this.#noteModified(object, properties),
        outdated: () => dependencies.pending(this),
      },
    });
  }

  destroy(): void {
    this.#selection.close();
    this.#forget();
    this.#dependencies.destroyed(this);
  }

  /** The session may see and read other things than before. */
  accessChanged(): void {
    for (const [moid, reported] of this.#reported) this.#modified.set(moid, new Set(reported.properties()));
    this.#selection.distrust();
    this.#dependencies.pending(this);
  }

  get hasPending(): boolean {
    return this.#selection.isOutdated || this.#toLeave.size + this.#toEnter.size + this.#modified.size > 0;
  }

  /** There are objects that it cannot tell of, because the user's filters remember as much as they may. */
  get isStarved(): boolean {
    return this.#isStarved;
  }

  #forget(): void {
    for (const { asked } of this.#reported.values()) this.#dependencies.quota.give(asked);
    this.#reported.clear();
  }

  /** Forgets what was reported, so that the next updates are the full state. */
  restart(): void {
    this.#selection.refresh();
    this.#forget();
    this.#toLeave.clear();
    this.#modified.clear();
    this.#toEnter.clear();
    for (const object of this.#selection.objects()) this.#noteSelected(object);
    this.#toldMissing = new Set();
  }

  /** What happened since the last call, of at most `limit` objects; the rest stays for the next one. */
  takeUpdates(limit: number): PropertyFilterUpdate | undefined {
    this.#selection.refresh();
    const missingSet = this.#takeMissing();
    const objectSet: ObjectUpdate[] = [];
    this.#takeLeaves(objectSet, limit);
    this.#takeEnters(objectSet, limit);
    this.#takeModifications(objectSet, limit);
    if (objectSet.length === 0 && missingSet.length === 0) return undefined;
    return {
      filter: this.ref,
      ...(objectSet.length > 0 ? { objectSet } : {}),
      ...(missingSet.length > 0 ? { missingSet } : {}),
    };
  }

  #takeLeaves(updates: ObjectUpdate[], limit: number): void {
    for (const reported of this.#toLeave) {
      if (updates.length >= limit) return;
      this.#toLeave.delete(reported);
      this.#reported.delete(reported.object.ref.value);
      this.#dependencies.quota.give(reported.asked);
      updates.push({ kind: 'leave', obj: reported.object.ref });
    }
  }

  #takeEnters(updates: ObjectUpdate[], limit: number): void {
    this.#isStarved = false;
    for (const [moid, object] of this.#toEnter) {
      if (updates.length >= limit) return;
      const asked = this.#rules.question.ofObject(object);
      this.#isStarved = asked !== undefined && !this.#dependencies.quota.take(asked);
      if (this.#isStarved) return;
      this.#toEnter.delete(moid);
      if (asked === undefined) continue;
      const reported = new ReportedObject(object, asked, this.#rules);
      this.#reported.set(moid, reported);
      updates.push(reported.enter());
    }
  }

  #takeModifications(updates: ObjectUpdate[], limit: number): void {
    for (const [moid, properties] of this.#modified) {
      if (updates.length >= limit) return;
      this.#modified.delete(moid);
      const update = this.#reported.get(moid)?.modify(properties, this.#rules);
      if (update !== undefined) updates.push(update);
    }
  }

  /** Starts that name no object, each told once as long as it stays away. */
  #takeMissing(): MissingObject[] {
    if (this.spec.reportMissingObjectsInResults !== true) return [];
    const missing = new Set(this.#selection.missingStarts());
    const untold = [...missing].filter(moid => !this.#toldMissing.has(moid));
    this.#toldMissing = missing;
    return untold.flatMap(moid => {
      const obj = this.spec.objectSet.find(spec => spec.obj.value === moid)?.obj;
      if (obj === undefined) return [];
      const { detail, message } = managedObjectNotFound(obj);
      return [{ obj, fault: { fault: detail, localizedMessage: message } }];
    });
  }

  #noteSelected(object: ManagedObject): void {
    const moid = object.ref.value;
    const reported = this.#reported.get(moid);
    if (reported?.object === object) {
      // Nobody followed it while nothing led to it.
      this.#toLeave.delete(reported);
      this.#modified.set(moid, new Set(reported.properties()));
    } else if (this.#rules.question.ofObject(object) !== undefined) this.#toEnter.set(moid, object);
    else return;
    this.#dependencies.pending(this);
  }

  #noteDeselected(object: ManagedObject): void {
    const moid = object.ref.value;
    if (this.#toEnter.get(moid) === object) this.#toEnter.delete(moid);
    const reported = this.#reported.get(moid);
    if (reported?.object !== object) return;
    this.#modified.delete(moid);
    this.#toLeave.add(reported);
    this.#dependencies.pending(this);
  }

  #noteModified(object: ManagedObject, properties: readonly string[]): void {
    const moid = object.ref.value;
    const reported = this.#reported.get(moid);
    if (reported?.object !== object || !reported.concerns(properties)) return;
    const known = this.#modified.get(moid);
    if (known === undefined) this.#modified.set(moid, new Set(properties));
    else for (const name of properties) known.add(name);
    this.#dependencies.pending(this);
  }
}

export const propertyFilterClass = defineClass<'PropertyFilter', PropertyFilter>('PropertyFilter', {
  properties: {
    spec: filter => filter.spec,
    partialUpdates: filter => filter.partialUpdates,
  },
  methods: { DestroyPropertyFilter: filter => filter.destroy() },
});
