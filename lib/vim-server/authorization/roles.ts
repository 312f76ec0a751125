import { allPrivileges } from './privileges.js';

export interface Role {
  readonly roleId: number;
  readonly name: string;
  readonly label: string;
  readonly summary: string;
  readonly isSystem: boolean;
  readonly privileges: ReadonlySet<string>;
}

export const systemRoleIds = { admin: -1, readOnly: -2, view: -3, anonymous: -4, noAccess: -5 } as const;

/** Roles that exist without being granted: what an ancestor of something visible has, and what nobody has. */
export function isGrantable(roleId: number): boolean {
  return roleId !== systemRoleIds.view && roleId !== systemRoleIds.anonymous;
}

/** What every role that an administrator makes includes. */
export const basicPrivileges = ['System.Anonymous', 'System.View', 'System.Read'] as const;

export function systemRoles(): Role[] {
  const role = (
    roleId: number,
    name: string,
    [label, summary]: readonly [string, string],
    privileges: readonly string[],
  ) => ({
    roleId,
    name,
    label,
    summary,
    isSystem: true,
    privileges: new Set(privileges),
  });
  const { admin, readOnly, view, anonymous, noAccess } = systemRoleIds;
  const every = allPrivileges().map(privilege => privilege.id);
  const access = 'Used for restricting granted access';
  return [
    role(noAccess, 'NoAccess', ['No access', access], []),
    role(
      anonymous,
      'Anonymous',
      ['Anonymous', 'Not logged-in user (cannot be granted)'],
      ['System.Anonymous'],
    ),
    role(
      view,
      'View',
      ['View', 'Visibility access (cannot be granted)'],
      ['System.Anonymous', 'System.View'],
    ),
    role(
      readOnly,
      'ReadOnly',
      ['Read-only', 'See details of objects, but not make changes'],
      basicPrivileges,
    ),
    role(admin, 'Admin', ['Administrator', 'Full access rights'], every),
  ];
}

export function customRole(roleId: number, name: string, privilegeIds: readonly string[]): Role {
  const privileges = new Set([...basicPrivileges, ...privilegeIds]);
  return { roleId, name, label: name, summary: name, isSystem: false, privileges };
}
