import {
  type DynamicProperty,
  type FieldDefinition,
  type LocalizedMethodFault,
  type MissingProperty,
  type PropertySpec,
  TypedValue,
  type VimSchema,
  versionIndex,
} from '../../vim/index.js';
import type { ManagedObject, ObjectClass, ReadContext } from '../object/managed-object.js';
import { invalidArgument, VimFault } from '../object/vim-fault.js';
import { type ResolvedPath, readResolved, resolvePath } from './read-property.js';
import { structureUnits } from './value-quota.js';

/** Why a property could not be read. */
export class Unreadable {
  constructor(readonly fault: LocalizedMethodFault) {}
}

/** What a read of a path gave: a value, nothing, or why not. */
export type ReadOutcome = TypedValue | Unreadable | undefined;

/** What a set of property specs asks of the objects of one class. */
export interface AskedProperties {
  readonly paths: readonly ResolvedPath[];
  /** What it costs to remember the answer. */
  readonly units: number;
}

/** The property specs of one filter, worked out once for each class of objects that it meets. */
export class PropertyQuestion {
  readonly #schema: VimSchema;
  readonly #propSet: readonly PropertySpec[];
  readonly #context: ReadContext;
  readonly #byClass = new Map<ObjectClass, AskedProperties | undefined>();

  /** @throws VimFault when a spec names a type or a first-level property that does not exist */
  constructor(schema: VimSchema, propSet: readonly PropertySpec[], context: ReadContext) {
    this.#schema = schema;
    this.#propSet = propSet;
    this.#context = context;
    for (const spec of propSet) checkPropertySpec(schema, spec, context);
  }

  /**
   * Undefined when no spec is for the object's type: then it is not reported.
   * @throws VimFault InvalidProperty for a path that the type does not have
   */
  ofObject({ objectClass }: ManagedObject): AskedProperties | undefined {
    if (!this.#byClass.has(objectClass)) this.#byClass.set(objectClass, this.#resolve(objectClass));
    return this.#byClass.get(objectClass);
  }

  read(object: ManagedObject, path: ResolvedPath): ReadOutcome {
    try {
      return readResolved(this.#schema, object, path, this.#context);
    } catch (error) {
      if (!(error instanceof VimFault)) throw error;
      return new Unreadable({ fault: error.detail, localizedMessage: error.message });
    }
  }

  #resolve(objectClass: ObjectClass): AskedProperties | undefined {
    const specs = this.#propSet.filter(spec => this.#schema.isA(objectClass.typeName, spec.type));
    if (specs.length === 0) return undefined;
    const texts = specs.flatMap(spec =>
      spec.all === true ? this.#built(objectClass) : (spec.pathSet ?? []),
    );
    const resolve = (text: string): ResolvedPath =>
      resolvePath(this.#schema, objectClass.typeName, text, this.#context);
    const paths = [...new Set(texts)].map(resolve);
    return { paths, units: paths.reduce((sum, path) => sum + this.#unitsOf(path), 1) };
  }

  /** By the type of what lies at the path's end; a field that only a subtype has may be anything. */
  #unitsOf({ field, first, rest }: ResolvedPath): number {
    let at: FieldDefinition | undefined = field;
    for (const { name } of rest) at = at === undefined ? undefined : this.#schema.field(at.type, name);
    if (at === undefined) return structureUnits;
    const isList = at.array && (rest.at(-1) ?? first).key === undefined;
    return isList || this.#schema.type(at.type)?.kind === 'data' ? structureUnits : 1;
  }

  /** `all` means every property that is built. */
  #built({ typeName, properties }: ObjectClass): string[] {
    const newest = versionIndex(this.#context.version);
    const known = this.#schema.fields(typeName).filter(field => field.since <= newest);
    return known.map(field => field.name).filter(name => properties.has(name));
  }
}

function checkPropertySpec(schema: VimSchema, spec: PropertySpec, context: ReadContext): void {
  if (!schema.isManaged(spec.type)) throw invalidArgument('propSet.type');
  for (const path of spec.pathSet ?? []) resolvePath(schema, spec.type, path, context);
}

/** A property set and a missing set, each left out where it is empty. */
export function propertySets(
  paths: readonly ResolvedPath[],
  outcomes: readonly ReadOutcome[],
): { propSet?: DynamicProperty[]; missingSet?: MissingProperty[] } {
  const propSet: DynamicProperty[] = [];
  const missingSet: MissingProperty[] = [];
  paths.forEach(({ text }, index) => {
    const outcome = outcomes[index];
    if (outcome instanceof TypedValue) propSet.push({ name: text, val: outcome });
    else if (outcome !== undefined) missingSet.push({ path: text, fault: outcome.fault });
  });
  return {
    ...(propSet.length > 0 ? { propSet } : {}),
    ...(missingSet.length > 0 ? { missingSet } : {}),
  };
}
