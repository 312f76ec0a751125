import type { ManagedObjectReference } from '../../vim/index.js';
import type { ManagedObject } from '../object/managed-object.js';
import { type Access, UserAccess } from './access.js';
import { customRole, type Role, systemRoleIds, systemRoles } from './roles.js';

/** A role given on an entity to a user or a group. There is one at most for each of them. */
export interface PermissionEntry {
  readonly entity: ManagedObjectReference;
  readonly principal: string;
  readonly isGroup: boolean;
  readonly roleId: number;
  readonly propagate: boolean;
}

export interface CustomRole {
  readonly roleId: number;
  readonly name: string;
  readonly privileges: readonly string[];
}

export interface AuthorizationState {
  readonly roles: readonly CustomRole[];
  readonly permissions: readonly PermissionEntry[];
}

/** Keeps roles and permissions over a restart; a save is whole or not at all. */
export interface AuthorizationStore {
  /** Undefined: nothing was ever saved. */
  load(): AuthorizationState | undefined;
  save(state: AuthorizationState): void;
}

/** The inventory's tree as permissions go along it. */
export interface AccessTree {
  readonly root: ManagedObjectReference;
  /** The entity itself, or the one that another object belongs to. */
  entityOf(object: ManagedObject): ManagedObject | undefined;
  /** What is directly above: a machine is below its folder and its pool. Nothing for the root. */
  parentsOf(entity: ManagedObject): readonly ManagedObject[];
}

/** Users and groups as the system has them. */
export interface Principals {
  groupsOf(user: string): ReadonlySet<string>;
  /** Whether there is such a user or group; a group counts with a member only. */
  exists(name: string, isGroup: boolean): boolean;
  /** Another value when an account may have changed. */
  stamp(): string;
}

/** @param touched moids of entities that have permissions or had some */
export type AccessListener = (touched: ReadonlySet<string>) => void;

export interface AccessControlDependencies {
  readonly tree: AccessTree;
  readonly principals: Principals;
  readonly store: AuthorizationStore;
  find(moid: string): ManagedObject | undefined;
}

/** Who holds which role where, and what follows from it. */
export class AccessControl {
  readonly dependencies: AccessControlDependencies;
  readonly #listeners = new Set<AccessListener>();
  readonly #accesses = new Map<string, Access>();
  #state: AuthorizationState;
  #roles: ReadonlyMap<number, Role>;
  #stamp = '';
  readonly #administrators: readonly string[];

  /** @param administrators who have the administrator's role on the root of a fresh host */
  constructor(administrators: readonly string[], dependencies: AccessControlDependencies) {
    this.#administrators = administrators;
    this.dependencies = dependencies;
    const { store, tree } = dependencies;
    this.#state = store.load() ?? {
      roles: [],
      permissions: administrators.map(principal => ({
        entity: tree.root,
        principal,
        isGroup: false,
        roleId: systemRoleIds.admin,
        propagate: true,
      })),
    };
    this.#roles = rolesOf(this.#state);
  }

  get permissions(): readonly PermissionEntry[] {
    return this.#state.permissions;
  }

  get customRoles(): readonly CustomRole[] {
    return this.#state.roles;
  }

  roles(): Role[] {
    return [...this.#roles.values()];
  }

  role(roleId: number): Role | undefined {
    return this.#roles.get(roleId);
  }

  /** What a user may do now. It is the same object until roles, permissions or memberships change. */
  of(userName: string): Access {
    this.#forgetStaleMemberships();
    const known = this.#accesses.get(userName);
    if (known !== undefined) return known;
    const access = new UserAccess(this.#applicable(userName), this);
    this.#accesses.set(userName, access);
    return access;
  }

  /** Whether some permission lets the user see anything. */
  hasAccess(userName: string): boolean {
    return this.of(userName).seesAnything;
  }

  /** Whether the user was given the administrator's role before there was such an account. */
  isNamedAdministrator(userName: string): boolean {
    return this.#administrators.includes(userName);
  }

  /** Makes roles and permissions others, on the disk first. */
  change(state: Partial<AuthorizationState>): void {
    const next = { ...this.#state, ...state };
    this.dependencies.store.save(next);
    this.#become(next);
  }

  #become(next: AuthorizationState): void {
    const touched = new Set(
      [...this.#state.permissions, ...next.permissions].map(({ entity }) => entity.value),
    );
    this.#state = next;
    this.#roles = rolesOf(next);
    this.#accesses.clear();
    for (const listener of [...this.#listeners]) listener(touched);
  }

  /** Entities are below others than before. Where every permission is the root's that is the same to everybody. */
  noteTreeChange(): void {
    const { root } = this.dependencies.tree;
    if (this.permissions.every(({ entity }) => entity.value === root.value)) return;
    this.#accesses.clear();
    for (const listener of [...this.#listeners]) listener(new Set());
  }

  /** The store is another one: what it has counts, and one that has nothing is given what there is. */
  reload(): void {
    const { store } = this.dependencies;
    const kept = store.load();
    if (kept === undefined) store.save(this.#state);
    else this.#become(kept);
  }

  /** Drops what an entity or a principal leaves behind that is no more. */
  dropPermissions(isGone: (entry: PermissionEntry) => boolean): void {
    const permissions = this.permissions.filter(entry => !isGone(entry));
    if (permissions.length < this.permissions.length) this.change({ permissions });
  }

  /** Whether somebody who exists would still be an administrator of everything. */
  keepsAdministrator(permissions: readonly PermissionEntry[]): boolean {
    const { tree, principals } = this.dependencies;
    return permissions.some(entry => {
      const isAdmin = entry.roleId === systemRoleIds.admin && entry.propagate;
      return (
        isAdmin && entry.entity.value === tree.root.value && principals.exists(entry.principal, entry.isGroup)
      );
    });
  }

  /** @returns ends the listening */
  onChange(listener: AccessListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The permissions that count for a user: his own at an entity, else those of his groups there. */
  #applicable(userName: string): PermissionEntry[] {
    const own = this.permissions.filter(entry => !entry.isGroup && entry.principal === userName);
    const settled = new Set(own.map(entry => entry.entity.value));
    const ofGroups = this.permissions.filter(entry => entry.isGroup && !settled.has(entry.entity.value));
    if (ofGroups.length === 0) return own;
    const groups = this.dependencies.principals.groupsOf(userName);
    return [...own, ...ofGroups.filter(entry => groups.has(entry.principal))];
  }

  #forgetStaleMemberships(): void {
    if (!this.permissions.some(entry => entry.isGroup)) return;
    const stamp = this.dependencies.principals.stamp();
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    this.#accesses.clear();
  }
}

function rolesOf(state: AuthorizationState): ReadonlyMap<number, Role> {
  const custom = state.roles.map(role => customRole(role.roleId, role.name, role.privileges));
  return new Map([...systemRoles(), ...custom].map(role => [role.roleId, role]));
}
