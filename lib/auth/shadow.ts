/** A line of shadow(5). Dates count days since 1970; undefined = no such limit. */
export interface ShadowEntry {
  name: string;
  hash: string;
  lastChangeDay: number | undefined;
  maxDays: number | undefined;
  inactiveDays: number | undefined;
  expireDay: number | undefined;
}

/** Finds `user` in the text of a shadow file. Lines that are none are passed over, as libc does. */
export function findShadowEntry(text: string, user: string): ShadowEntry | undefined {
  for (const line of text.split('\n')) {
    const fields = line.split(':');
    const [name, hash, lastChange, , maxDays, , inactive, expire] = fields;
    if (name !== user || hash === undefined || fields.length < 2) continue;
    return {
      name,
      hash,
      lastChangeDay: day(lastChange),
      maxDays: day(maxDays),
      inactiveDays: day(inactive),
      expireDay: day(expire),
    };
  }
  return undefined;
}

/** Whether the account may log in by password at all on day `today` (days since 1970). */
export function isUsable(entry: ShadowEntry, today: number): boolean {
  // "!" and "*" lock an account; an empty hash would let anybody in, and "x" stands for another file.
  if (entry.hash.length < 4 || /^[!*]/.test(entry.hash)) return false;
  return !hasExpired(entry, today);
}

/** Whether `usermod -L`, `passwd -l` or `useradd` without a password has locked it. ("*" only says: no password.) */
export function isLocked({ hash }: ShadowEntry): boolean {
  return hash.startsWith('!');
}

/** Whether the account, or its password past all warnings, has expired on day `today` (days since 1970). */
export function hasExpired(entry: ShadowEntry, today: number): boolean {
  const { expireDay, lastChangeDay, maxDays, inactiveDays } = entry;
  if (expireDay !== undefined && today >= expireDay) return true;
  if (lastChangeDay === undefined || maxDays === undefined || inactiveDays === undefined) return false;
  return today > lastChangeDay + maxDays + inactiveDays;
}

function day(field: string | undefined): number | undefined {
  return field !== undefined && /^\d+$/.test(field) ? Number(field) : undefined;
}
