import type { Account } from './passwd.js';

/** A line of group(5). */
export interface Group {
  name: string;
  gid: number;
  /** Users who are members beside those whose own group it is. */
  members: readonly string[];
}

/** Lines that are none are passed over, as libc does. */
export function parseGroups(text: string): Group[] {
  return text.split('\n').flatMap(line => {
    const [name, , gid, members] = line.split(':');
    if (name === undefined || name === '' || gid === undefined || !/^\d+$/.test(gid)) return [];
    return [{ name, gid: Number(gid), members: (members ?? '').split(',').filter(member => member !== '') }];
  });
}

/** Names of the groups an account is in, its own first. */
export function groupNamesOf(groups: readonly Group[], { name, gid }: Account): string[] {
  const own = groups.filter(group => group.gid === gid);
  const others = groups.filter(group => group.gid !== gid && group.members.includes(name));
  return [...own, ...others].map(group => group.name);
}
