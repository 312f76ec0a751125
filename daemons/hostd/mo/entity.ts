import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../../../lib/vim-server/index.js';

/** What every object in the inventory's tree has. */
export interface Entity extends ManagedObject {
  readonly name: string;
  readonly parent: ManagedObjectReference | undefined;
  recentTasks(): ManagedObjectReference[];
}

export const entityClass: ObjectClass = defineClass<'ManagedEntity', Entity>('ManagedEntity', {
  properties: {
    parent: entity => entity.parent,
    overallStatus: () => 'green',
    configStatus: () => 'green',
    configIssue: () => [],
    permission: (entity, { session }) =>
      session?.permissionsOn(entity).map(({ isGroup, ...given }) => ({ ...given, group: isGroup })),
    effectiveRole: (entity, { session }) => session?.rolesOn(entity),
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
