import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';

const KINDS = ['ed25519', 'rsa'] as const;
const RSA_BITS = 3072;

/** Reads the host's private keys from `folder` (/etc/ssh), making those that are missing. */
export function loadHostKeys(folder: string): string[] {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return KINDS.map(kind => {
    const path = join(folder, `ssh_host_${kind}_key`);
    return readKey(path) ?? makeKey(path, kind);
  });
}

function readKey(path: string): string | undefined {
  try {
    const key = readFileSync(path, 'utf8');
    return ssh2.utils.parseKey(key) instanceof Error ? undefined : key;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function makeKey(path: string, kind: (typeof KINDS)[number]): string {
  const pair =
    kind === 'rsa'
      ? ssh2.utils.generateKeyPairSync('rsa', { bits: RSA_BITS })
      : ssh2.utils.generateKeyPairSync('ed25519');
  const fresh = `${path}.new`;
  writeFileSync(fresh, pair.private, { mode: 0o600 });
  chmodSync(fresh, 0o600);
  writeFileSync(`${path}.pub`, `${pair.public.trim()}\n`, { mode: 0o644 });
  renameSync(fresh, path);
  return pair.private;
}
