import { randomUUID } from 'node:crypto';
import type { ManagedObjectReference, ObjectContent, PropertyFilterSpec } from '../../vim/index.js';
import type { ManagedObject } from '../object/managed-object.js';
import { invalidArgument, invalidProperty, VimFault } from '../object/vim-fault.js';
import { FairTurn } from './fair-turn.js';
import { PropertyQuestion, propertySets } from './object-properties.js';
import { Selection, type SelectionScope, selectionStarts } from './selection.js';
import { checkSpecSize } from './spec-limits.js';

/** Finds a starting object of a retrieval or says why it may not be one. */
export type FindStart = (ref: ManagedObjectReference) => ManagedObject;

/** Objects that one call may read, each as often as a spec asks for it. */
const maxObjects = 20_000;

/**
 * Reads once what the filter specs ask: every object once per spec. Others are served meanwhile.
 * @throws VimFault InvalidArgument for more than one call may ask
 */
export async function retrieveObjects(
  scope: SelectionScope,
  specSet: readonly PropertyFilterSpec[],
  findStart: FindStart,
): Promise<ObjectContent[]> {
  checkSpecSize(specSet);
  const turn = new FairTurn();
  const contents: ObjectContent[] = [];
  for (const spec of specSet) {
    const question = new PropertyQuestion(scope.schema, spec.propSet, scope.context);
    for (const { obj } of spec.objectSet) checkStart(findStart, obj, spec);
    const selection = new Selection({ scope, starts: selectionStarts(scope, spec.objectSet) });
    for (const object of selection.objects()) {
      const content = objectContent(question, object);
      if (content !== undefined) contents.push(content);
      if (contents.length > maxObjects) throw invalidArgument('specSet');
      if (turn.isLong) await turn.yield();
    }
  }
  return contents;
}

/** What is not there is left out where the client wants it so. */
function checkStart(findStart: FindStart, obj: ManagedObjectReference, spec: PropertyFilterSpec): void {
  try {
    findStart(obj);
  } catch (error) {
    const isMissing = error instanceof VimFault && error.detail._type === 'ManagedObjectNotFound';
    if (!isMissing || spec.reportMissingObjectsInResults !== true) throw error;
  }
}

function objectContent(question: PropertyQuestion, object: ManagedObject): ObjectContent | undefined {
  const asked = question.ofObject(object);
  if (asked === undefined) return undefined;
  const outcomes = asked.paths.map(path => question.read(object, path));
  return { obj: object.ref, ...propertySets(asked.paths, outcomes) };
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
