import { type HostAccountSpec, type HostPosixAccountSpec, typeNameOf } from '../../../lib/vim/index.js';
import {
  type AccessControl,
  type CallContext,
  defineClass,
  type EventFields,
  type EventManager,
  invalidArgument,
  type ManagedObject,
  type ObjectClass,
  type SessionTable,
  vimFault,
} from '../../../lib/vim-server/index.js';
import {
  checkAccountName,
  checkDescription,
  checkPassword,
  checkPosixId,
  isSystemId,
} from '../access/account-name.js';
import type { AccountTools } from '../access/account-tools.js';
import type { ConsoleAccounts } from '../access/console-accounts.js';
import { moids } from './moids.js';

export interface AccountManagerDependencies {
  readonly accounts: ConsoleAccounts;
  readonly tools: AccountTools;
  readonly access: AccessControl;
  readonly sessions: SessionTable;
  readonly events: EventManager;
  /** The host, as events name it. */
  host(): { ref: typeof moids.host; name: string };
}

const shell = '/bin/bash';
const noShell = '/sbin/nologin';

/** Users and groups of the service console. Who is made here can log in by ssh at once, and here with a role. */
export class HostLocalAccountManager implements ManagedObject {
  readonly ref = moids.accountManager;
  readonly objectClass: ObjectClass = accountManagerClass;
  readonly #dependencies: AccountManagerDependencies;

  constructor(dependencies: AccountManagerDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws VimFault AlreadyExists, InvalidArgument */
  async createUser(spec: HostAccountSpec, call: CallContext): Promise<void> {
    const { accounts, tools } = this.#dependencies;
    checkSpec(spec, 'user');
    if (accounts.user(spec.id) !== undefined || accounts.group(spec.id) !== undefined) {
      throw alreadyExists(spec.id);
    }
    const { posixId, shellAccess } = posixOf(spec);
    this.#checkFreeUid(posixId);
    this.#dropLeftovers({ principal: spec.id, isGroup: false });
    await tools.addUser({
      name: spec.id,
      password: spec.password,
      description: spec.description,
      uid: posixId,
      shell: shellAccess === false ? noShell : shell,
    });
    this.#post(
      'AccountCreatedEvent',
      { spec: { id: spec.id, description: spec.description }, group: false },
      call,
    );
  }

  /** @throws VimFault UserNotFound, AlreadyExists for the id, InvalidArgument */
  async updateUser(spec: HostAccountSpec, call: CallContext): Promise<void> {
    const { tools } = this.#dependencies;
    checkSpec(spec, 'user');
    const known = this.#user(spec.id);
    const { posixId, shellAccess } = posixOf(spec);
    const uid = posixId === known.uid ? undefined : posixId;
    if (known.uid === 0 && (uid !== undefined || shellAccess === false)) throw invalidArgument('user');
    this.#checkFreeUid(uid);
    const newShell = shellAccess === undefined ? undefined : shellAccess ? shell : noShell;
    await tools.changeUser({ name: spec.id, description: spec.description, uid, shell: newShell });
    if (spec.password !== undefined) {
      await tools.setPassword(spec.id, spec.password);
      this.#post('UserPasswordChanged', { userLogin: spec.id }, call);
    }
    this.#post(
      'AccountUpdatedEvent',
      { spec: { id: spec.id, description: spec.description }, group: false },
      call,
    );
  }

  /** His permissions and sessions go with him. @throws VimFault UserNotFound, ResourceInUse, InvalidArgument */
  async removeUser(userName: string, call: CallContext): Promise<void> {
    const { sessions, tools } = this.#dependencies;
    checkAccountName(userName, 'userName');
    if (isSystemId(this.#user(userName).uid))
      throw invalidArgument('userName', 'This user cannot be removed.');
    this.#requireAdministrator({ principal: userName, isGroup: false });
    await this.#withoutPermissions({ principal: userName, isGroup: false }, () => tools.removeUser(userName));
    for (const session of sessions.list()) if (session.userName === userName) sessions.end(session);
    this.#post('AccountRemovedEvent', { account: userName, group: false }, call);
  }

  /** @throws VimFault AlreadyExists, InvalidArgument */
  async createGroup(spec: HostAccountSpec, call: CallContext): Promise<void> {
    const { accounts, tools } = this.#dependencies;
    checkAccountName(spec.id, 'group.id');
    const { posixId } = posixOf(spec);
    if (posixId !== undefined) checkPosixId(posixId, 'group.posixId');
    const isTaken = accounts.groups().some(group => group.gid === posixId);
    if (accounts.group(spec.id) !== undefined || isTaken) throw alreadyExists(spec.id);
    this.#dropLeftovers({ principal: spec.id, isGroup: true });
    await tools.addGroup(spec.id, posixId);
    this.#post('AccountCreatedEvent', { spec: { id: spec.id }, group: true }, call);
  }

  /** @throws VimFault UserNotFound, ResourceInUse for the own group of a user */
  async removeGroup(groupName: string, call: CallContext): Promise<void> {
    const { tools } = this.#dependencies;
    checkAccountName(groupName, 'groupName');
    if (isSystemId(this.#group(groupName).gid)) throw invalidArgument('groupName');
    this.#requireAdministrator({ principal: groupName, isGroup: true });
    const gone = { principal: groupName, isGroup: true };
    await this.#withoutPermissions(gone, () => tools.removeGroup(groupName));
    this.#post('AccountRemovedEvent', { account: groupName, group: true }, call);
  }

  /** @throws VimFault UserNotFound, AlreadyExists */
  async assign(userName: string, groupName: string, call: CallContext): Promise<void> {
    this.#checkPair(userName, groupName);
    const { accounts, tools } = this.#dependencies;
    if (accounts.groupsOf(userName).has(groupName)) throw alreadyExists(userName);
    await tools.assign(userName, groupName);
    this.#post('UserAssignedToGroup', { userLogin: userName, group: groupName }, call);
  }

  /** @throws VimFault UserNotFound, also for who is no member; InvalidArgument for the user's own group */
  async unassign(userName: string, groupName: string, call: CallContext): Promise<void> {
    this.#checkPair(userName, groupName);
    const { accounts, tools } = this.#dependencies;
    if (!accounts.groupsOf(userName).has(groupName)) throw userNotFound(userName);
    if (this.#user(userName).gid === this.#group(groupName).gid) throw invalidArgument('group');
    await tools.unassign(userName, groupName);
    this.#post('UserUnassignedFromGroup', { userLogin: userName, group: groupName }, call);
  }

  #checkPair(userName: string, groupName: string): void {
    checkAccountName(userName, 'user');
    checkAccountName(groupName, 'group');
    this.#user(userName);
    this.#group(groupName);
  }

  #user(name: string) {
    const user = this.#dependencies.accounts.user(name);
    if (user === undefined) throw userNotFound(name);
    return user;
  }

  #group(name: string) {
    const group = this.#dependencies.accounts.group(name);
    if (group === undefined) throw userNotFound(name);
    return group;
  }

  #checkFreeUid(uid: number | undefined): void {
    if (uid === undefined) return;
    checkPosixId(uid, 'user.posixId');
    const holder = this.#dependencies.accounts.users().find(user => user.uid === uid);
    if (holder !== undefined) throw alreadyExists(holder.name);
  }

  /** Permissions go first, so that a killed hostd leaves none for another of the same name; a failure brings them back. */
  async #withoutPermissions(gone: Principal, remove: () => Promise<void>): Promise<void> {
    const { access } = this.#dependencies;
    const dropped = access.permissions.filter(entry => isOf(entry, gone));
    access.dropPermissions(entry => isOf(entry, gone));
    try {
      await remove();
    } catch (error) {
      if (dropped.length > 0) access.change({ permissions: [...access.permissions, ...dropped] });
      throw error;
    }
  }

  /** What a user or group left behind that was removed past hostd. Administrators may have been named beforehand. */
  #dropLeftovers(made: Principal): void {
    const { access } = this.#dependencies;
    if (!access.isNamedAdministrator(made.principal)) access.dropPermissions(entry => isOf(entry, made));
  }

  #requireAdministrator(gone: Principal): void {
    const { access } = this.#dependencies;
    const left = access.permissions.filter(entry => !isOf(entry, gone));
    if (access.keepsAdministrator(left)) return;
    const message = 'There must be at least one administrator of the whole inventory.';
    throw vimFault('AuthMinimumAdminPermission', {}, message);
  }

  #post: AccountPost = (type, fields, call) => {
    const { events, host } = this.#dependencies;
    events.post(type, fields, { entity: host(), userName: call.session?.userName });
  };
}

interface Principal {
  readonly principal: string;
  readonly isGroup: boolean;
}

function isOf(entry: Principal, { principal, isGroup }: Principal): boolean {
  return entry.principal === principal && entry.isGroup === isGroup;
}

type AccountEvent =
  | 'AccountCreatedEvent'
  | 'AccountUpdatedEvent'
  | 'AccountRemovedEvent'
  | 'UserAssignedToGroup'
  | 'UserUnassignedFromGroup'
  | 'UserPasswordChanged';
type AccountPost = <N extends AccountEvent>(type: N, fields: EventFields<N>, call: CallContext) => void;

function checkSpec({ id, password, description }: HostAccountSpec, property: string): void {
  checkAccountName(id, `${property}.id`);
  if (password !== undefined) checkPassword(password);
  if (description !== undefined) checkDescription(description);
}

function posixOf(spec: HostAccountSpec): Pick<HostPosixAccountSpec, 'posixId' | 'shellAccess'> {
  return typeNameOf(spec) === 'HostPosixAccountSpec' ? (spec as HostPosixAccountSpec) : {};
}

function alreadyExists(name: string): Error {
  return vimFault('AlreadyExists', { name }, `${name} exists already.`);
}

function userNotFound(principal: string): Error {
  return vimFault('UserNotFound', { principal, unresolved: true }, `${principal} was not found.`);
}

export const accountManagerClass: ObjectClass = defineClass<
  'HostLocalAccountManager',
  HostLocalAccountManager
>('HostLocalAccountManager', {
  properties: {},
  methods: {
    CreateUser: (manager, args, call) => manager.createUser(args.user, call),
    UpdateUser: (manager, args, call) => manager.updateUser(args.user, call),
    RemoveUser: (manager, args, call) => manager.removeUser(args.userName, call),
    CreateGroup: (manager, args, call) => manager.createGroup(args.group, call),
    RemoveGroup: (manager, args, call) => manager.removeGroup(args.groupName, call),
    AssignUserToGroup: (manager, args, call) => manager.assign(args.user, args.group, call),
    UnassignUserFromGroup: (manager, args, call) => manager.unassign(args.user, args.group, call),
  },
});
