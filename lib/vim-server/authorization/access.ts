import type { ManagedObject } from '../object/managed-object.js';
import type { AccessControl, PermissionEntry } from './access-control.js';
import { type Role, systemRoleIds } from './roles.js';

/** What one user may do, on objects of the inventory and on those that belong to them. */
export interface Access {
  /** Everything everywhere: nothing else needs to be asked. */
  readonly isAdministrator: boolean;
  readonly seesAnything: boolean;
  has(object: ManagedObject, privilegeId: string): boolean;
  /** Ids of the roles that count on the object's entity. */
  rolesOn(object: ManagedObject): number[];
}

interface RolesAt {
  readonly own: readonly Role[];
  readonly propagated: readonly Role[];
}

/** A user's access by the permissions that concern him: the nearest above an object wins. */
export class UserAccess implements Access {
  readonly isAdministrator: boolean;
  readonly seesAnything: boolean;
  readonly #control: AccessControl;
  readonly #at = new Map<string, RolesAt>();
  readonly #view: readonly Role[];
  #ancestors: ReadonlySet<string> | undefined;

  constructor(entries: readonly PermissionEntry[], control: AccessControl) {
    this.#control = control;
    for (const entry of entries) this.#enter(entry);
    const { root } = control.dependencies.tree;
    const atRoot = this.#at.get(root.value)?.propagated ?? [];
    this.isAdministrator = this.#at.size === 1 && atRoot.some(role => role.roleId === systemRoleIds.admin);
    this.seesAnything = [...this.#at.values()].some(({ own }) => canView(own));
    const view = control.role(systemRoleIds.view);
    this.#view = view === undefined ? [] : [view];
  }

  has(object: ManagedObject, privilegeId: string): boolean {
    if (this.isAdministrator) return true;
    return this.#rolesOn(object).some(role => isGranted(role, privilegeId));
  }

  rolesOn(object: ManagedObject): number[] {
    return this.#rolesOn(object).map(role => role.roleId);
  }

  #enter(entry: PermissionEntry): void {
    const role = this.#control.role(entry.roleId);
    if (role === undefined) return;
    const { own, propagated } = this.#at.get(entry.entity.value) ?? { own: [], propagated: [] };
    const roles = { own: [...own, role], propagated: entry.propagate ? [...propagated, role] : propagated };
    this.#at.set(entry.entity.value, roles);
  }

  #rolesOn(object: ManagedObject): readonly Role[] {
    const entity = this.#control.dependencies.tree.entityOf(object);
    if (entity === undefined) return [];
    const own = this.#at.get(entity.ref.value)?.own;
    if (own !== undefined) return own;
    const inherited = this.#inherited(entity);
    if (inherited.length > 0) return inherited;
    return this.#ancestorsOfVisible().has(entity.ref.value) ? this.#view : [];
  }

  #inherited(entity: ManagedObject): readonly Role[] {
    const roles = new Set<Role>();
    for (const parent of this.#control.dependencies.tree.parentsOf(entity)) {
      const propagated = this.#at.get(parent.ref.value)?.propagated ?? [];
      for (const role of propagated.length > 0 ? propagated : this.#inherited(parent)) roles.add(role);
    }
    return [...roles];
  }

  /** The way down to what a user may see can be seen too: that is what the View role is for. */
  #ancestorsOfVisible(): ReadonlySet<string> {
    if (this.#ancestors !== undefined) return this.#ancestors;
    const { find, tree } = this.#control.dependencies;
    const ancestors = new Set<string>();
    const visible = [...this.#at].flatMap(([moid, { own }]) => (canView(own) ? [find(moid)] : []));
    const pending = visible.filter(object => object !== undefined);
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const parent of tree.parentsOf(next)) {
        if (ancestors.has(parent.ref.value)) continue;
        ancestors.add(parent.ref.value);
        pending.push(parent);
      }
    }
    this.#ancestors = ancestors;
    return ancestors;
  }
}

/** A privilege this table does not list is a newer API's; the administrator has it too. */
function isGranted(role: Role, privilegeId: string): boolean {
  return role.roleId === systemRoleIds.admin || role.privileges.has(privilegeId);
}

function canView(roles: readonly Role[]): boolean {
  return roles.some(role => role.privileges.has('System.View'));
}
