import { ManagedObjectReference } from '../../../lib/vim/index.js';
import {
  type AuthorizationState,
  type AuthorizationStore,
  type CustomRole,
  type PermissionEntry,
  vimFault,
} from '../../../lib/vim-server/index.js';
import type { HostDatabase } from './host-database.js';

interface RoleRow {
  readonly role_id: number;
  readonly name: string;
  readonly privileges: string;
}

interface PermissionRow {
  readonly entity_type: string;
  readonly entity: string;
  readonly principal: string;
  readonly is_group: number;
  readonly role_id: number;
  readonly propagate: number;
}

const readRoles = 'SELECT role_id, name, privileges FROM role ORDER BY role_id';
const readPermissions = `SELECT entity_type, entity, principal, is_group, role_id, propagate
  FROM permission ORDER BY rowid`;
const writeRole = 'INSERT INTO role (role_id, name, privileges) VALUES (?, ?, ?)';
const writePermission = `INSERT INTO permission
  (entity_type, entity, principal, is_group, role_id, propagate) VALUES (?, ?, ?, ?, ?, ?)`;

/**
 * Roles and permissions in hostd's SQLite file. There is always a permission once one was saved. While the file has not
 * been read nothing is saved: it would not be known what that takes away.
 */
export class AuthorizationRows implements AuthorizationStore {
  readonly #database: HostDatabase;
  #wasRead = false;

  constructor(database: HostDatabase) {
    this.#database = database;
  }

  load(): AuthorizationState | undefined {
    this.#wasRead ||= this.#database.isOnDisk;
    const permissions = (this.#database.prepare(readPermissions).all() as PermissionRow[]).map(toEntry);
    if (permissions.length === 0) return undefined;
    return { permissions, roles: (this.#database.prepare(readRoles).all() as RoleRow[]).map(toRole) };
  }

  /** @throws VimFault SystemError while the file cannot be used */
  save(state: AuthorizationState): void {
    if (!this.#wasRead) {
      const reason = 'The file of roles and permissions cannot be read';
      throw vimFault('SystemError', { reason }, `${reason}.`);
    }
    try {
      this.#write(state);
    } catch (error) {
      // A broken file has been replaced by an empty one: all that there is goes into that.
      if (!this.#database.noteError(error)) throw error;
      this.#write(state);
    }
  }

  #write({ roles, permissions }: AuthorizationState): void {
    this.#database.durably(() => {
      this.#database.sqlite.exec('DELETE FROM permission; DELETE FROM role;');
      const role = this.#database.prepare(writeRole);
      for (const one of roles) role.run(one.roleId, one.name, JSON.stringify(one.privileges));
      const permission = this.#database.prepare(writePermission);
      for (const { entity, principal, isGroup, roleId, propagate } of permissions) {
        permission.run(entity.type, entity.value, principal, Number(isGroup), roleId, Number(propagate));
      }
    });
  }
}

function toEntry(row: PermissionRow): PermissionEntry {
  return {
    entity: new ManagedObjectReference(row.entity_type, row.entity),
    principal: row.principal,
    isGroup: row.is_group === 1,
    roleId: row.role_id,
    propagate: row.propagate === 1,
  };
}

function toRole(row: RoleRow): CustomRole {
  return { roleId: row.role_id, name: row.name, privileges: JSON.parse(row.privileges) as string[] };
}
