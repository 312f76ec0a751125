import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../../../lib/vim-server/index.js';

/** What every object in the inventory's tree has. */
export interface Entity extends ManagedObject {
  readonly name: string;
  readonly parent: ManagedObjectReference | undefined;
  recentTasks(): ManagedObjectReference[];
}

/** Role id of the product's built-in administrator, the only role that is given so far. */
const adminRole = -1;

export const entityClass: ObjectClass = defineClass<'ManagedEntity', Entity>('ManagedEntity', {
  properties: {
    parent: entity => entity.parent,
    overallStatus: () => 'green',
    configStatus: () => 'green',
    configIssue: () => [],
    effectiveRole: () => [adminRole],
    name: entity => entity.name,
    disabledMethod: () => [],
    recentTask: entity => entity.recentTasks(),
    declaredAlarmState: () => [],
    triggeredAlarmState: () => [],
    customValue: () => [],
    tag: () => [],
  },
  methods: {},
});
