/** A line of passwd(5). */
export interface Account {
  name: string;
  uid: number;
  gid: number;
  fullName: string;
  home: string;
  shell: string;
}

/** Lines that are none are passed over, as libc does. */
export function parseAccounts(text: string): Account[] {
  return text.split('\n').flatMap(line => {
    const [name, , uid, gid, gecos, home, shell] = line.split(':');
    if (name === undefined || name === '' || uid === undefined || gid === undefined) return [];
    if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return [];
    const fullName = (gecos ?? '').split(',')[0] ?? '';
    const ids = { uid: Number(uid), gid: Number(gid) };
    return [{ name, ...ids, fullName, home: home || '/', shell: shell || '/bin/sh' }];
  });
}

export function findAccount(text: string, user: string): Account | undefined {
  return parseAccounts(text).find(account => account.name === user);
}
