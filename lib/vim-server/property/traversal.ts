import { type SelectionSpec, type TraversalSpec, typeNameOf, type VimSchema } from '../../vim/index.js';
import type { ReadContext } from '../object/managed-object.js';
import { invalidArgument } from '../object/vim-fault.js';
import { firstName } from './property-path.js';
import { resolvePath } from './read-property.js';

/** A traversal spec whose names are resolved: from objects of a type, by a path, to others. May be cyclic. */
export interface Traversal {
  readonly type: string;
  readonly path: string;
  /** First-level property of the path: a change of it may lead elsewhere. */
  readonly property: string;
  /** Objects found by it are not reported, only gone through. */
  readonly skip: boolean;
  readonly next: readonly Traversal[];
}

/**
 * Resolves a start's selection sets, in which specs refer to each other by name.
 * @throws VimFault InvalidArgument for a name or a type that does not exist, InvalidProperty for such a path
 */
export function resolveTraversals(
  schema: VimSchema,
  selectSet: readonly SelectionSpec[],
  context: ReadContext,
): Traversal[] {
  const named = new Map<string, TraversalSpec>();
  collectNames(selectSet, named);
  const resolved = new Map<TraversalSpec, Traversal>();
  const resolve = (selection: SelectionSpec): Traversal => {
    const spec = isTraversal(selection) ? selection : named.get(selection.name ?? '');
    if (spec === undefined) throw invalidArgument('selectSet');
    const known = resolved.get(spec);
    if (known !== undefined) return known;
    checkTraversal(schema, spec, context);
    const next: Traversal[] = [];
    const { type, path } = spec;
    const traversal = { type, path, property: firstName(path), skip: spec.skip === true, next };
    resolved.set(spec, traversal);
    for (const inner of spec.selectSet ?? []) next.push(resolve(inner));
    return traversal;
  };
  return selectSet.map(resolve);
}

function checkTraversal(schema: VimSchema, { type, path }: TraversalSpec, context: ReadContext): void {
  if (!schema.isManaged(type)) throw invalidArgument('selectSet.type');
  resolvePath(schema, type, path, context);
}

function collectNames(selectSet: readonly SelectionSpec[], named: Map<string, TraversalSpec>): void {
  for (const selection of selectSet) {
    if (!isTraversal(selection)) continue;
    if (selection.name !== undefined) named.set(selection.name, selection);
    collectNames(selection.selectSet ?? [], named);
  }
}

function isTraversal(selection: SelectionSpec): selection is TraversalSpec {
  return typeNameOf(selection) === 'TraversalSpec';
}
