import { BlockList, isIP } from 'node:net';

const MAX_PATTERN = 256;

/** A pattern of ssh_config(5), PATTERNS: `*` any text, `?` one character. */
export function matchesPattern(text: string, pattern: string): boolean {
  if (pattern.length > MAX_PATTERN || text.length > MAX_PATTERN) return false;
  // Row by row as a wildcard match is done without going back: linear in both lengths.
  let [t, p, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** A comma-separated list in which `!` negates: one negated match spoils all others. Addresses may have a /prefix. */
export function matchesAddressList(address: string, patterns: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  let isListed = false;
  for (const entry of patterns.split(',')) {
    const isNegated = entry.startsWith('!');
    if (!matchesAddress(plain, isNegated ? entry.slice(1) : entry)) continue;
    if (isNegated) return false;
    isListed = true;
  }
  return isListed;
}

function matchesAddress(address: string, pattern: string): boolean {
  const [net = '', prefix, ...rest] = pattern.split('/');
  if (prefix === undefined) return matchesPattern(address, pattern);
  const family = isIP(net);
  const most = family === 6 ? 128 : 32;
  if (family === 0 || rest.length > 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > most) return false;
  const list = new BlockList();
  const kind = family === 6 ? 'ipv6' : 'ipv4';
  list.addSubnet(net, Number(prefix), kind);
  return isIP(address) === family && list.check(address, kind);
}

/** `user` or `user@address` of AllowUsers and DenyUsers. */
export function matchesUser(user: string, address: string, pattern: string): boolean {
  const at = pattern.lastIndexOf('@');
  if (at < 0) return matchesPattern(user, pattern);
  return matchesPattern(user, pattern.slice(0, at)) && matchesAddressList(address, pattern.slice(at + 1));
}
