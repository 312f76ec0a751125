import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { readPlainFile, writePlainFile } from '../../lib/linux/index.js';

const KINDS = ['ed25519', 'rsa'] as const;
const RSA_BITS = 3072;

/** Reads the host's private keys from `folder` (/etc/ssh), making those that are missing. */
export async function loadHostKeys(folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const keys: string[] = [];
  for (const kind of KINDS) {
    const path = join(folder, `ssh_host_${kind}_key`);
    keys.push(readKey(path) ?? (await makeKey(path, kind)));
  }
  return keys;
}

function readKey(path: string): string | undefined {
  const key = readPlainFile(path);
  return key === undefined || ssh2.utils.parseKey(key) instanceof Error ? undefined : key;
}

async function makeKey(path: string, kind: (typeof KINDS)[number]): Promise<string> {
  const pair =
    kind === 'rsa'
      ? ssh2.utils.generateKeyPairSync('rsa', { bits: RSA_BITS })
      : ssh2.utils.generateKeyPairSync('ed25519');
  await writePlainFile(`${path}.pub`, `${pair.public.trim()}\n`, 0o644);
  await writePlainFile(path, pair.private, 0o600);
  return pair.private;
}
