import { randomUUID } from 'node:crypto';
import type {
  ManagedObjectReference,
  ObjectContent,
  ObjectSpec,
  PropertyFilterSpec,
} from '../../vim/index.js';
import type { ManagedObject } from '../object/managed-object.js';
import { invalidArgument, invalidProperty } from '../object/vim-fault.js';
import {
  askedPaths,
  checkPropertySpecs,
  dynamicProperties,
  isAskedFor,
  readProperties,
} from './object-properties.js';
import { type SelectionScope, selectObjects } from './selection.js';

/** Finds a starting object of a retrieval or says why it may not be one. */
export type FindStart = (ref: ManagedObjectReference) => ManagedObject;

/** Reads once what the filter specs ask: every object once per spec. */
export function retrieveObjects(
  scope: SelectionScope,
  specSet: readonly PropertyFilterSpec[],
  findStart: FindStart,
): ObjectContent[] {
  return specSet.flatMap(spec => {
    checkPropertySpecs(scope.schema, spec.propSet, scope.context);
    const starts = spec.objectSet.map((objectSpec: ObjectSpec) => ({
      spec: objectSpec,
      object: findStart(objectSpec.obj),
    }));
    const { objects } = selectObjects(scope, starts);
    return [...objects.values()]
      .filter(object => isAskedFor(scope.schema, object, spec.propSet))
      .map(object => objectContent(scope, object, spec));
  });
}

function objectContent(
  scope: SelectionScope,
  object: ManagedObject,
  spec: PropertyFilterSpec,
): ObjectContent {
  const paths = askedPaths(scope.schema, object, spec.propSet, scope.context);
  const { values, missing } = readProperties(scope.schema, object, paths, scope.context);
  return {
    obj: object.ref,
    propSet: dynamicProperties(values),
    ...(missing.length > 0 ? { missingSet: [...missing] } : {}),
  };
}

/** How many cut-off results one collector keeps; the oldest goes when another comes. */
const maxTokens = 16;

/** Results of RetrievePropertiesEx that the client asked to have in parts. */
export class RetrievalTokens {
  readonly #rest = new Map<string, { objects: ObjectContent[]; maxObjects: number }>();

  /** The first part, and a token when there is more. */
  cut(objects: ObjectContent[], maxObjects: number): { objects: ObjectContent[]; token?: string } {
    if (objects.length <= maxObjects) return { objects };
    const oldest = this.#rest.keys().next().value;
    if (this.#rest.size >= maxTokens && oldest !== undefined) this.#rest.delete(oldest);
    const token = randomUUID();
    this.#rest.set(token, { objects: objects.slice(maxObjects), maxObjects });
    return { objects: objects.slice(0, maxObjects), token };
  }

  /** The next part; a token serves once. */
  next(token: string): { objects: ObjectContent[]; token?: string } {
    const rest = this.#rest.get(token);
    if (rest === undefined) throw invalidProperty('token');
    this.#rest.delete(token);
    return this.cut(rest.objects, rest.maxObjects);
  }

  cancel(token: string): void {
    if (!this.#rest.delete(token)) throw invalidProperty('token');
  }
}

/** @throws VimFault InvalidArgument when the number is not positive */
export function objectLimit(maxObjects: number | undefined, name: string): number {
  if (maxObjects === undefined) return Number.POSITIVE_INFINITY;
  if (maxObjects <= 0) throw invalidArgument(name);
  return maxObjects;
}
