import type { ManagedObjectReference, TaskReasonUser } from '../../vim/index.js';
import { Task } from '../task/task.js';
import type { MethodRules, Need } from './authorizer.js';

const need = (on: ManagedObjectReference, privilege: string): Need => ({ on, privilege });
const modifyPermissions = (_: unknown, { entity }: { entity: ManagedObjectReference }): Need[] => [
  need(entity, 'Authorization.ModifyPermissions'),
];
/** What a session owns, nobody else reaches. */
const nothing = (): Need[] => [];

/** Rules of the managed types that every server has. */
export const commonRules: MethodRules = {
  RetrieveEntityPermissions: (_, { entity }) => [need(entity, 'System.Read')],
  SetEntityPermissions: modifyPermissions,
  ResetEntityPermissions: modifyPermissions,
  RemoveEntityPermission: modifyPermissions,
  HasPrivilegeOnEntity: (_, { entity }) => [need(entity, 'System.View')],
  HasPrivilegeOnEntities: (_, { entity }) => entity.map(one => need(one, 'System.View')),
  CreateContainerView: (_, { container }) => [need(container, 'System.View')],
  DestroyPropertyFilter: nothing,
  ModifyListView: nothing,
  ResetListView: nothing,
  ResetListViewFromView: nothing,
  OpenInventoryViewFolder: nothing,
  CloseInventoryViewFolder: nothing,
  SetCollectorPageSize: nothing,
  RewindCollector: nothing,
  ResetCollector: nothing,
  DestroyCollector: nothing,
  ReadNextEvents: nothing,
  ReadPreviousEvents: nothing,
  ReadNextTasks: nothing,
  ReadPreviousTasks: nothing,
  RetrieveUserGroups: self => [need(self.ref, 'System.View')],
  QueryEvents: (self, { filter }) => [need(filter.entity?.entity ?? self.ref, 'System.Read')],
  CreateCollectorForEvents: (self, { filter }) => [need(filter.entity?.entity ?? self.ref, 'System.Read')],
  CreateCollectorForTasks: (self, { filter }) => [need(filter.entity?.entity ?? self.ref, 'System.Read')],
  LogUserEvent: (_, { entity }) => [need(entity, 'Global.LogEvent')],
  SetField: (_, { entity }) => [need(entity, 'Global.SetCustomField')],
  setCustomValue: self => [need(self.ref, 'Global.SetCustomField')],
  CancelTask: (self, _, { userName }) => {
    const { entity, reason } = self instanceof Task ? self.info : {};
    // Who began a task may end it.
    if (userName !== undefined && (reason as Partial<TaskReasonUser>)?.userName === userName) return [];
    return [need(entity ?? self.ref, 'Global.CancelTask')];
  },
};
