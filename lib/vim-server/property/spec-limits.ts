import type { PropertyFilterSpec, SelectionSpec, TraversalSpec } from '../../vim/index.js';
import { invalidArgument } from '../object/vim-fault.js';

/** What the filter specs of one call may hold together. Real clients name some objects and a dozen traversals. */
const limits = { specs: 100, objects: 20_000, paths: 5000, traversals: 2000 };

/** @throws VimFault InvalidArgument for more than anybody means */
export function checkSpecSize(specSet: readonly PropertyFilterSpec[]): void {
  const objects = specSet.flatMap(spec => spec.objectSet);
  const types = specSet.flatMap(spec => spec.propSet);
  const paths = types.reduce((sum, { pathSet }) => sum + 1 + (pathSet?.length ?? 0), 0);
  const traversals = objects.reduce((sum, { selectSet }) => sum + countSelections(selectSet), 0);
  if (specSet.length > limits.specs) throw invalidArgument('specSet');
  if (objects.length > limits.objects) throw invalidArgument('specSet.objectSet');
  if (paths > limits.paths) throw invalidArgument('specSet.propSet');
  if (traversals > limits.traversals) throw invalidArgument('specSet.objectSet.selectSet');
}

function countSelections(selectSet: readonly SelectionSpec[] = []): number {
  return selectSet.reduce(
    (sum, selection) => sum + 1 + countSelections((selection as Partial<TraversalSpec>).selectSet),
    0,
  );
}
