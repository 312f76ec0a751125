import {
  type AuthorizationDescription,
  type AuthorizationPrivilege,
  type AuthorizationRole,
  type EntityPrivilege,
  ManagedObjectReference,
  type Methods,
  type Permission,
} from '../../vim/index.js';
import type { EventManager } from '../event/event-manager.js';
import {
  type CallContext,
  defineClass,
  type ManagedObject,
  type ObjectClass,
} from '../object/managed-object.js';
import type { ObjectRegistry } from '../object/object-registry.js';
import { invalidArgument } from '../object/vim-fault.js';
import type { SessionTable } from '../session/session-table.js';
import type { AccessControl, PermissionEntry } from './access-control.js';
import { AuthorizationAudit } from './authorization-audit.js';
import { PermissionEditor } from './permission-editor.js';
import { allPrivileges, privilegeGroups } from './privileges.js';
import { RoleEditor } from './role-editor.js';
import type { Role } from './roles.js';

/** Roles and permissions as clients see and change them. */
export class AuthorizationManager implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = authorizationManagerClass;
  readonly control: AccessControl;
  readonly roles: RoleEditor;
  readonly permissions: PermissionEditor;
  readonly audit: AuthorizationAudit;
  readonly #sessions: SessionTable;

  constructor(
    moid: string,
    dependencies: {
      control: AccessControl;
      sessions: SessionTable;
      registry: ObjectRegistry;
      events: EventManager;
    },
  ) {
    this.ref = new ManagedObjectReference('AuthorizationManager', moid);
    this.control = dependencies.control;
    this.roles = new RoleEditor(dependencies.control);
    this.permissions = new PermissionEditor(dependencies.control);
    this.#sessions = dependencies.sessions;
    const { control, events, registry } = dependencies;
    this.audit = new AuthorizationAudit({ control, events, find: moid => registry.find(moid) });
    dependencies.control.onChange(touched => {
      registry.changed(this, 'roleList');
      for (const moid of touched) {
        const entity = registry.find(moid);
        if (entity !== undefined) registry.changed(entity, 'permission');
      }
    });
  }

  /** Only of entities that the caller sees. */
  allPermissions(call: CallContext): Permission[] {
    return this.#visible(this.control.permissions, call);
  }

  rolePermissions(roleId: number, call: CallContext): Permission[] {
    this.roles.find(roleId);
    const given = this.control.permissions.filter(entry => entry.roleId === roleId);
    return this.#visible(given, call);
  }

  entityPermissions(entity: ManagedObjectReference, inherited: boolean): Permission[] {
    return this.permissions.of(entity, inherited).map(toPermission);
  }

  privilegesOn(
    entities: readonly ManagedObjectReference[],
    sessionId: string,
    privilegeIds: readonly string[],
  ): EntityPrivilege[] {
    const session = this.#sessions.findByKey(sessionId);
    if (session === undefined) throw invalidArgument('sessionId');
    return entities.map(entity => {
      const object = session.find(entity.value);
      const has = (privId: string): boolean => object !== undefined && session.may(object, privId);
      return { entity, privAvailability: privilegeIds.map(privId => ({ privId, isGranted: has(privId) })) };
    });
  }

  #visible(entries: readonly PermissionEntry[], { session }: CallContext): Permission[] {
    return entries.filter(entry => session?.sees(entry.entity) === true).map(toPermission);
  }
}

function toPermission({ entity, principal, isGroup, roleId, propagate }: PermissionEntry): Permission {
  return { entity, principal, group: isGroup, roleId, propagate };
}

function toAuthorizationRole(role: Role): AuthorizationRole {
  const { roleId, name, label, summary, isSystem: system } = role;
  return { roleId, system, name, info: { label, summary }, privilege: [...role.privileges] };
}

function privilegeList(): AuthorizationPrivilege[] {
  return allPrivileges().map(({ id, name, group, onParent }) => {
    return { privId: id, onParent, name, privGroupName: group };
  });
}

function description(): AuthorizationDescription {
  const privilege = allPrivileges().map(({ id, label }) => ({ key: id, label, summary: label }));
  const privilegeGroup = privilegeGroups().map(group => {
    const label = group.replace('.', ' / ').replace(/([a-z])([A-Z])/g, '$1 $2');
    return { key: group, label, summary: label };
  });
  return { privilege, privilegeGroup };
}

/** A method whose changes are told as events. */
function audited<A, R>(method: (manager: AuthorizationManager, args: A) => R) {
  return (manager: AuthorizationManager, args: A, { session }: CallContext): R =>
    manager.audit.record(session?.userName, () => method(manager, args));
}

export const authorizationManagerClass = defineClass<'AuthorizationManager', AuthorizationManager>(
  'AuthorizationManager',
  {
    properties: {
      privilegeList,
      roleList: manager => manager.control.roles().map(toAuthorizationRole),
      description,
    },
    methods: {
      AddAuthorizationRole: audited((manager, args: Methods['AddAuthorizationRole']['args']) =>
        manager.roles.add(args.name, args.privIds ?? []),
      ),
      UpdateAuthorizationRole: audited((manager, args: Methods['UpdateAuthorizationRole']['args']) =>
        manager.roles.update(args.roleId, args.newName, args.privIds ?? []),
      ),
      RemoveAuthorizationRole: audited((manager, args: Methods['RemoveAuthorizationRole']['args']) =>
        manager.roles.remove(args.roleId, args.failIfUsed),
      ),
      MergePermissions: audited((manager, args: Methods['MergePermissions']['args']) =>
        manager.roles.merge(args.srcRoleId, args.dstRoleId),
      ),
      RetrieveRolePermissions: (manager, args, call) => manager.rolePermissions(args.roleId, call),
      RetrieveEntityPermissions: (manager, args) => manager.entityPermissions(args.entity, args.inherited),
      RetrieveAllPermissions: (manager, _, call) => manager.allPermissions(call),
      SetEntityPermissions: audited((manager, args: Methods['SetEntityPermissions']['args']) =>
        manager.permissions.set(args.entity, args.permission ?? []),
      ),
      ResetEntityPermissions: audited((manager, args: Methods['ResetEntityPermissions']['args']) =>
        manager.permissions.reset(args.entity, args.permission ?? []),
      ),
      RemoveEntityPermission: audited((manager, args: Methods['RemoveEntityPermission']['args']) =>
        manager.permissions.remove(args.entity, { principal: args.user, isGroup: args.isGroup }),
      ),
      HasPrivilegeOnEntity: (manager, args) => {
        const [found] = manager.privilegesOn([args.entity], args.sessionId, args.privId ?? []);
        return found?.privAvailability.map(({ isGranted }) => isGranted);
      },
      HasPrivilegeOnEntities: (manager, args) =>
        manager.privilegesOn(args.entity, args.sessionId, args.privId ?? []),
    },
  },
);
