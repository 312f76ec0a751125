import { statSync } from 'node:fs';
import { type Account, type Group, parseAccounts, parseGroups } from '../../../lib/auth/index.js';
import { readPlainFile } from '../../../lib/linux/index.js';
import type { Principals } from '../../../lib/vim-server/index.js';

export interface AccountPaths {
  readonly passwd: string;
  readonly group: string;
}

interface Accounts {
  readonly users: ReadonlyMap<string, Account>;
  readonly groups: ReadonlyMap<string, Group>;
}

/** The service console's users and groups. The files are read again when they are others. */
export class ConsoleAccounts implements Principals {
  readonly #paths: AccountPaths;
  #read: { readonly stamp: string; readonly accounts: Accounts } | undefined;

  constructor(paths: AccountPaths) {
    this.#paths = paths;
  }

  users(): Account[] {
    return [...this.#accounts().users.values()];
  }

  groups(): Group[] {
    return [...this.#accounts().groups.values()];
  }

  user(name: string): Account | undefined {
    return this.#accounts().users.get(name);
  }

  group(name: string): Group | undefined {
    return this.#accounts().groups.get(name);
  }

  membersOf(group: Group): string[] {
    const own = this.users().filter(user => user.gid === group.gid);
    return [...new Set([...own.map(user => user.name), ...group.members])];
  }

  groupsOf(user: string): ReadonlySet<string> {
    const account = this.user(user);
    if (account === undefined) return new Set();
    const groups = this.groups().filter(group => group.gid === account.gid || group.members.includes(user));
    return new Set(groups.map(group => group.name));
  }

  exists(name: string, isGroup: boolean): boolean {
    if (!isGroup) return this.user(name) !== undefined;
    return this.group(name) !== undefined;
  }

  stamp(): string {
    return `${stampOf(this.#paths.passwd)} ${stampOf(this.#paths.group)}`;
  }

  #accounts(): Accounts {
    const stamp = this.stamp();
    if (this.#read?.stamp === stamp) return this.#read.accounts;
    const users = parseAccounts(readPlainFile(this.#paths.passwd) ?? '');
    const groups = parseGroups(readPlainFile(this.#paths.group) ?? '');
    const accounts = { users: firstOfEach(users), groups: firstOfEach(groups) };
    this.#read = { stamp, accounts };
    return accounts;
  }
}

/** As libc: of two lines with one name the first counts. */
function firstOfEach<T extends { name: string }>(lines: readonly T[]): ReadonlyMap<string, T> {
  const byName = new Map<string, T>();
  for (const line of lines) if (!byName.has(line.name)) byName.set(line.name, line);
  return byName;
}

function stampOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? '-' : `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
}
