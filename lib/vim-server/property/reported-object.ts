import {
  type MissingProperty,
  type ObjectUpdate,
  type PropertyChange,
  TypedValue,
  type VimSchema,
} from '../../vim/index.js';
import type { ManagedObject } from '../object/managed-object.js';
import { partialChanges, sameValue } from './compare-values.js';
import {
  type AskedProperties,
  type PropertyQuestion,
  propertySets,
  type ReadOutcome,
  Unreadable,
} from './object-properties.js';
import { parentPath, type ResolvedPath } from './read-property.js';

export interface ReportingRules {
  readonly schema: VimSchema;
  readonly question: PropertyQuestion;
  readonly partialUpdates: boolean;
}

/** One object that a filter has told its client of, and the values that the client was shown. */
export class ReportedObject {
  readonly object: ManagedObject;
  readonly asked: AskedProperties;
  readonly #shown: ReadOutcome[];

  constructor(object: ManagedObject, asked: AskedProperties, { question }: ReportingRules) {
    this.object = object;
    this.asked = asked;
    this.#shown = asked.paths.map(path => question.read(object, path));
  }

  enter(): ObjectUpdate {
    const { propSet = [], missingSet } = propertySets(this.asked.paths, this.#shown);
    const changeSet = propSet.map(({ name, val }): PropertyChange => ({ name, op: 'assign', val }));
    return update('enter', this.object, changeSet, missingSet ?? []);
  }

  /** Whether the client asked for anything within one of these first-level properties. */
  concerns(properties: Iterable<string>): boolean {
    for (const name of properties) if (this.asked.paths.some(path => path.first.name === name)) return true;
    return false;
  }

  /** All first-level properties that the client asked for something within. */
  properties(): string[] {
    return this.asked.paths.map(path => path.first.name);
  }

  /** Reads again what lies within these first-level properties; undefined when the client has seen it so. */
  modify(properties: ReadonlySet<string>, rules: ReportingRules): ObjectUpdate | undefined {
    const changeSet: PropertyChange[] = [];
    const missingSet: MissingProperty[] = [];
    this.asked.paths.forEach((path, index) => {
      if (!properties.has(path.first.name)) return;
      const before = this.#shown[index];
      const now = rules.question.read(this.object, path);
      this.#shown[index] = now;
      if (now instanceof Unreadable) {
        if (!sameValue(before, now)) missingSet.push({ path: path.text, fault: now.fault });
        return;
      }
      changeSet.push(...this.#changes(path, before instanceof TypedValue ? before : undefined, now, rules));
    });
    if (changeSet.length === 0 && missingSet.length === 0) return undefined;
    return update('modify', this.object, changeSet, missingSet);
  }

  #changes(
    path: ResolvedPath,
    before: TypedValue | undefined,
    after: TypedValue | undefined,
    rules: ReportingRules,
  ): PropertyChange[] {
    const name = path.text;
    const isMember = (path.rest.at(-1) ?? path.first).key !== undefined;
    if (after === undefined) return before === undefined ? [] : [{ name, op: this.#removal(path, rules) }];
    if (before === undefined) return [{ name, op: isMember ? 'add' : 'assign', val: after }];
    if (rules.partialUpdates) return partialChanges(rules.schema, name, before, after);
    return sameValue(before.value, after.value) ? [] : [{ name, op: 'assign', val: after }];
  }

  /** A member is removed, a field is assigned nothing; either went away indirectly when what it was in is gone. */
  #removal(path: ResolvedPath, { question }: ReportingRules): 'assign' | 'remove' | 'indirectRemove' {
    const parent = parentPath(path);
    if (parent === undefined) return 'assign';
    if (question.read(this.object, parent) === undefined) return 'indirectRemove';
    return parent.rest.length === path.rest.length ? 'remove' : 'assign';
  }
}

function update(
  kind: 'enter' | 'modify',
  { ref }: ManagedObject,
  changeSet: PropertyChange[],
  missingSet: MissingProperty[],
): ObjectUpdate {
  return {
    kind,
    obj: ref,
    ...(changeSet.length > 0 ? { changeSet } : {}),
    ...(missingSet.length > 0 ? { missingSet } : {}),
  };
}
