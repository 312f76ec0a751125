import type { EventManager } from '../event/event-manager.js';
import type { ManagedObject } from '../object/managed-object.js';
import type { AccessControl, CustomRole, PermissionEntry } from './access-control.js';

export interface AuthorizationAuditDependencies {
  readonly control: AccessControl;
  readonly events: EventManager;
  find(moid: string): (ManagedObject & { readonly name?: unknown }) | undefined;
}

/** Posts an event for each role and permission that a change made, altered or took away. */
export class AuthorizationAudit {
  readonly #dependencies: AuthorizationAuditDependencies;

  constructor(dependencies: AuthorizationAuditDependencies) {
    this.#dependencies = dependencies;
  }

  /** @param userName who makes the change */
  record<T>(userName: string | undefined, change: () => T): T {
    const { control } = this.#dependencies;
    const { customRoles, permissions } = control;
    const result = change();
    this.#tellRoles(customRoles, control.customRoles, userName);
    this.#tellPermissions(permissions, control.permissions, userName);
    return result;
  }

  #tellRoles(
    before: readonly CustomRole[],
    after: readonly CustomRole[],
    userName: string | undefined,
  ): void {
    const { events } = this.#dependencies;
    const old = new Map(before.map(role => [role.roleId, role]));
    for (const role of after) {
      const known = old.get(role.roleId);
      old.delete(role.roleId);
      if (known === role) continue;
      const type = known === undefined ? 'RoleAddedEvent' : 'RoleUpdatedEvent';
      events.post(type, { role: argument(role), privilegeList: [...role.privileges] }, { userName });
    }
    for (const role of old.values()) events.post('RoleRemovedEvent', { role: argument(role) }, { userName });
  }

  #tellPermissions(
    before: readonly PermissionEntry[],
    after: readonly PermissionEntry[],
    userName: string | undefined,
  ): void {
    const { control, events } = this.#dependencies;
    const old = new Map(before.map(entry => [keyOf(entry), entry]));
    for (const entry of after) {
      const known = old.get(keyOf(entry));
      old.delete(keyOf(entry));
      if (known?.roleId === entry.roleId && known.propagate === entry.propagate) continue;
      const type = known === undefined ? 'PermissionAddedEvent' : 'PermissionUpdatedEvent';
      const role = { roleId: entry.roleId, name: control.role(entry.roleId)?.name ?? '' };
      const fields = { ...this.#place(entry), role, propagate: entry.propagate };
      events.post(type, fields, this.#cause(entry, userName));
    }
    for (const entry of old.values()) {
      events.post('PermissionRemovedEvent', this.#place(entry), this.#cause(entry, userName));
    }
  }

  #place({ entity, principal, isGroup }: PermissionEntry) {
    return { entity: { entity, name: this.#nameOf(entity.value) }, principal, group: isGroup };
  }

  #cause({ entity: ref }: PermissionEntry, userName: string | undefined) {
    return { userName, entity: { ref, name: this.#nameOf(ref.value) } };
  }

  #nameOf(moid: string): string {
    const name = this.#dependencies.find(moid)?.name;
    return typeof name === 'string' ? name : moid;
  }
}

function keyOf({ entity, principal, isGroup }: PermissionEntry): string {
  return JSON.stringify([entity.value, principal, isGroup]);
}

function argument({ roleId, name }: CustomRole): { roleId: number; name: string } {
  return { roleId, name };
}
