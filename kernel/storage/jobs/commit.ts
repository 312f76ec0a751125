import { whileVmxIsFree } from '../files/vmx-lock.js';
import type { JobParts } from './disk-jobs.js';
import type { Operation, Step } from './journal.js';

/** Commits what happens to files by their names: a .vmx among them is replaced or goes under its lock. @throws FileLocked */
export function commitFiles(
  { trees, shown }: JobParts,
  operation: Operation,
  steps: readonly Exclude<Step, { readonly do: 'truncate' }>[],
): void {
  const places = steps.flatMap(step => (step.do === 'rename' ? [step.from, step.to] : [step.at]));
  const commit = places.reduce(
    (act, { volume, path }) =>
      () =>
        whileVmxIsFree(trees(volume), path, shown(volume), act),
    () => operation.commit(steps),
  );
  commit();
}
