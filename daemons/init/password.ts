import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { ServiceConsole } from './console/service-console.js';
import { writeDurably } from './host-config.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 20;

/** At the first boot: a random password for root, set in the console, kept at `path` for the machine's root alone. */
export async function ensureRootPassword(serviceConsole: ServiceConsole, path: string): Promise<void> {
  if (existsSync(path)) return;
  const password = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  await serviceConsole.run(['/usr/sbin/chpasswd'], `root:${password}\n`);
  writeDurably(path, password, 0o600);
}
