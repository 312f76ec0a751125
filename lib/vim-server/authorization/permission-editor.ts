import type { ManagedObjectReference, Permission } from '../../vim/index.js';
import { invalidArgument, managedObjectNotFound, vimFault } from '../object/vim-fault.js';
import type { AccessControl, PermissionEntry } from './access-control.js';
import { minimumAdmin } from './role-editor.js';
import { isGrantable } from './roles.js';

interface Principal {
  readonly principal: string;
  readonly isGroup: boolean;
}

const maxPermissions = 10_000;

/** Changes of who holds which role where. All permissions of a call are set, or none is. */
export class PermissionEditor {
  readonly #control: AccessControl;

  constructor(control: AccessControl) {
    this.#control = control;
  }

  /** The entity's own, and with `inherited` those that come down from above, each naming where it is. */
  of(entity: ManagedObjectReference, inherited: boolean): PermissionEntry[] {
    const own = this.#control.permissions.filter(entry => entry.entity.value === entity.value);
    if (!inherited) return own;
    const above = this.#above(entity);
    const fromAbove = this.#control.permissions.filter(
      entry => entry.propagate && above.has(entry.entity.value),
    );
    return [...own, ...fromAbove];
  }

  /** @throws VimFault UserNotFound, NotFound for a role, AuthMinimumAdminPermission, InvalidArgument */
  set(entity: ManagedObjectReference, given: readonly Permission[]): void {
    const entries = given.map(permission => this.#entry(entity, permission));
    const kept = this.#control.permissions.filter(
      old => old.entity.value !== entity.value || !entries.some(entry => isSame(entry, old)),
    );
    this.#save([...kept, ...lastOfEach(entries)]);
  }

  /** Like {@link PermissionEditor.set}, and what the entity had before is gone. */
  reset(entity: ManagedObjectReference, given: readonly Permission[]): void {
    const entries = given.map(permission => this.#entry(entity, permission));
    const others = this.#control.permissions.filter(old => old.entity.value !== entity.value);
    this.#save([...others, ...lastOfEach(entries)]);
  }

  /** @throws VimFault NotFound, AuthMinimumAdminPermission */
  remove(entity: ManagedObjectReference, who: Principal): void {
    const { permissions } = this.#control;
    const kept = permissions.filter(old => old.entity.value !== entity.value || !isSame(who, old));
    if (kept.length === permissions.length) {
      throw vimFault('NotFound', {}, 'The permission was not found.');
    }
    this.#save(kept);
  }

  #save(permissions: PermissionEntry[]): void {
    if (permissions.length > maxPermissions) throw invalidArgument('permission', 'There are too many.');
    if (!this.#control.keepsAdministrator(permissions)) throw minimumAdmin();
    this.#control.change({ permissions });
  }

  #entry(entity: ManagedObjectReference, permission: Permission): PermissionEntry {
    const { principal, group: isGroup, roleId, propagate } = permission;
    if (this.#control.role(roleId) === undefined) throw vimFault('NotFound', {}, 'The role was not found.');
    if (!isGrantable(roleId)) throw invalidArgument('permission.roleId');
    if (!this.#control.dependencies.principals.exists(principal, isGroup)) {
      const fields = { principal, unresolved: true };
      throw vimFault('UserNotFound', fields, `The user or group ${principal} was not found.`);
    }
    return { entity, principal, isGroup, roleId, propagate };
  }

  #above(entity: ManagedObjectReference): ReadonlySet<string> {
    const { find, tree } = this.#control.dependencies;
    const object = find(entity.value);
    if (object === undefined) throw managedObjectNotFound(entity);
    const above = new Set<string>();
    const pending = [...tree.parentsOf(object)];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (above.has(next.ref.value)) continue;
      above.add(next.ref.value);
      pending.push(...tree.parentsOf(next));
    }
    return above;
  }
}

function isSame(a: Principal, b: Principal): boolean {
  return a.principal === b.principal && a.isGroup === b.isGroup;
}

/** A user or group that is named twice gets what is said last. */
function lastOfEach(entries: readonly PermissionEntry[]): PermissionEntry[] {
  return entries.filter((entry, index) => !entries.slice(index + 1).some(later => isSame(later, entry)));
}
