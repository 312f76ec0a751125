import type { Account, Group } from '../../../lib/auth/index.js';
import type { Methods, PosixUserSearchResult } from '../../../lib/vim/index.js';
import {
  defineClass,
  type ManagedObject,
  type ObjectClass,
  vimFault,
} from '../../../lib/vim-server/index.js';
import type { ConsoleAccounts } from '../access/console-accounts.js';
import { moids } from './moids.js';

type Search = Methods['RetrieveUserGroups']['args'];

/** Finds users and groups of the service console. There are no domains. */
export class UserDirectory implements ManagedObject {
  readonly ref = moids.userDirectory;
  readonly objectClass: ObjectClass = userDirectoryClass;
  readonly #accounts: ConsoleAccounts;

  constructor(accounts: ConsoleAccounts) {
    this.#accounts = accounts;
  }

  /** @throws VimFault NotFound for a domain, or a group or user to belong to, that does not exist */
  search(search: Search): PosixUserSearchResult[] {
    if (search.domain !== undefined && search.domain !== '') throw notFound();
    const isWanted = nameTest(search);
    const users = search.findUsers ? this.#users(search) : [];
    const groups = search.findGroups ? this.#groups(search) : [];
    return [
      ...users.filter(({ name }) => isWanted(name)).map(userResult),
      ...groups.filter(({ name }) => isWanted(name)).map(groupResult),
    ];
  }

  /** Nobody is a member of a user. */
  #users({ belongsToGroup, belongsToUser }: Search): Account[] {
    if (belongsToUser !== undefined && belongsToUser !== '') return [];
    const accounts = this.#accounts;
    if (belongsToGroup === undefined || belongsToGroup === '') return accounts.users();
    const group = accounts.group(belongsToGroup);
    if (group === undefined) throw notFound();
    const members = new Set(accounts.membersOf(group));
    return accounts.users().filter(user => members.has(user.name));
  }

  /** Groups have no groups as members. */
  #groups({ belongsToGroup, belongsToUser }: Search): Group[] {
    if (belongsToGroup !== undefined && belongsToGroup !== '') return [];
    const accounts = this.#accounts;
    if (belongsToUser === undefined || belongsToUser === '') return accounts.groups();
    if (accounts.user(belongsToUser) === undefined) throw notFound();
    const groups = accounts.groupsOf(belongsToUser);
    return accounts.groups().filter(group => groups.has(group.name));
  }
}

function nameTest({ searchStr, exactMatch }: Search): (name: string) => boolean {
  const wanted = searchStr.toLowerCase();
  if (exactMatch) return name => name.toLowerCase() === wanted;
  return name => name.toLowerCase().includes(wanted);
}

function userResult({ name, fullName, uid, shell }: Account): PosixUserSearchResult {
  const shellAccess = !/\/(nologin|false)$/.test(shell);
  return { _type: 'PosixUserSearchResult', principal: name, fullName, group: false, id: uid, shellAccess };
}

function groupResult({ name, gid }: Group): PosixUserSearchResult {
  return { _type: 'PosixUserSearchResult', principal: name, fullName: name, group: true, id: gid };
}

function notFound(): Error {
  return vimFault('NotFound', {}, 'There is no such domain, group or user.');
}

export const userDirectoryClass: ObjectClass = defineClass<'UserDirectory', UserDirectory>('UserDirectory', {
  properties: { domainList: () => [] },
  methods: { RetrieveUserGroups: (directory, args) => directory.search(args) },
});
