import { invalidArgument, vimFault } from '../object/vim-fault.js';
import type { AccessControl, CustomRole, PermissionEntry } from './access-control.js';
import { allPrivileges } from './privileges.js';
import { isGrantable, type Role, systemRoleIds } from './roles.js';

const maxNameLength = 80;
const maxRoles = 1000;
/** VirtualCenter's sample roles have the ids below. */
const firstCustomId = 10;

/** Changes of the roles that administrators make; the system's own stay as they are. */
export class RoleEditor {
  readonly #control: AccessControl;

  constructor(control: AccessControl) {
    this.#control = control;
  }

  /** @throws VimFault NotFound */
  find(roleId: number): Role {
    const role = this.#control.role(roleId);
    if (role === undefined) throw vimFault('NotFound', {}, 'The role was not found.');
    return role;
  }

  /** @throws VimFault InvalidName, AlreadyExists, InvalidArgument for an unknown privilege */
  add(name: string, privileges: readonly string[]): number {
    this.#checkName(name);
    checkPrivileges(privileges);
    const { customRoles } = this.#control;
    if (customRoles.length >= maxRoles) throw invalidArgument('name', 'There are too many roles.');
    const roleId = Math.max(firstCustomId - 1, ...customRoles.map(role => role.roleId)) + 1;
    this.#control.change({ roles: [...customRoles, { roleId, name, privileges: [...new Set(privileges)] }] });
    return roleId;
  }

  /** @throws VimFault NotFound, InvalidName, AlreadyExists, InvalidArgument for a system role */
  update(roleId: number, name: string, privileges: readonly string[]): void {
    this.#findCustom(roleId);
    this.#checkName(name, roleId);
    checkPrivileges(privileges);
    const updated: CustomRole = { roleId, name, privileges: [...new Set(privileges)] };
    const roles = this.#control.customRoles.map(role => (role.roleId === roleId ? updated : role));
    this.#control.change({ roles });
  }

  /** @throws VimFault NotFound, RemoveFailed when it is given to somebody, InvalidArgument for a system role */
  remove(roleId: number, failIfUsed: boolean): void {
    this.#findCustom(roleId);
    const { customRoles, permissions } = this.#control;
    const kept = permissions.filter(entry => entry.roleId !== roleId);
    if (failIfUsed && kept.length < permissions.length) {
      throw vimFault('RemoveFailed', {}, 'The role is in use.');
    }
    this.#control.change({ roles: customRoles.filter(role => role.roleId !== roleId), permissions: kept });
  }

  /** Gives the one role to everybody who has the other. @throws VimFault NotFound, AuthMinimumAdminPermission */
  merge(sourceId: number, targetId: number): void {
    this.find(sourceId);
    this.find(targetId);
    if (!isGrantable(targetId)) throw invalidArgument('dstRoleId');
    const permissions = this.#control.permissions.map(
      (entry): PermissionEntry => (entry.roleId === sourceId ? { ...entry, roleId: targetId } : entry),
    );
    if (sourceId === systemRoleIds.admin && !this.#control.keepsAdministrator(permissions)) {
      throw minimumAdmin();
    }
    this.#control.change({ permissions });
  }

  #findCustom(roleId: number): void {
    if (this.find(roleId).isSystem) throw invalidArgument('roleId', 'A system role cannot be changed.');
  }

  #checkName(name: string, ownId?: number): void {
    if (name.trim() === '' || name.length > maxNameLength) {
      throw vimFault('InvalidName', { name: name.slice(0, maxNameLength) }, 'The name is not valid.');
    }
    if (this.#control.roles().some(role => role.name === name && role.roleId !== ownId)) {
      throw vimFault('AlreadyExists', { name }, `There is a role ${name} already.`);
    }
  }
}

export function minimumAdmin(): Error {
  const message = 'There must be at least one administrator of the whole inventory.';
  return vimFault('AuthMinimumAdminPermission', {}, message);
}

function checkPrivileges(ids: readonly string[]): void {
  const known = new Set(allPrivileges().map(privilege => privilege.id));
  if (ids.some(id => !known.has(id))) throw invalidArgument('privIds');
}
