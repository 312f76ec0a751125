import { createPrivateKey, X509Certificate } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockFile, readPlainFile, writePlainFile } from '../linux/index.js';

export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

const LOCK_TRY_MS = 50;

/**
 * The host's key and certificate: rui.key (0600) and rui.crt in the folder.
 * @returns undefined while one is missing
 * @throws when the files are there but are not a key and its certificate
 */
export function readServerCertificate(folder: string): ServerCertificate | undefined {
  const key = readPlainFile(join(folder, 'rui.key'));
  const cert = readPlainFile(join(folder, 'rui.crt'));
  return key === undefined || cert === undefined ? undefined : checkedPair({ key, cert }, folder);
}

/** @param place where it was found. @throws when it is no key and its certificate */
export function checkedPair(pair: ServerCertificate, place: string): ServerCertificate {
  if (new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key))) return pair;
  throw new Error(`rui.crt is not the certificate of rui.key in ${place}`);
}

/**
 * As {@link readServerCertificate}; made where it is missing, by whoever comes first. Who replaces the files by a
 * pair of his own gets that one served from the next start on.
 */
export async function loadServerCertificate(folder: string, hostName: string): Promise<ServerCertificate> {
  const found = readServerCertificate(folder);
  if (found !== undefined) return found;
  await mkdir(folder, { recursive: true, mode: 0o755 });
  return locked(join(folder, '.lock'), async () => {
    const other = readServerCertificate(folder);
    if (other !== undefined) return other;
    // Loaded only here: it is needed once in a host's life.
    const { makeCertificate } = await import('./make-certificate.js');
    const made = await makeCertificate(hostName);
    await writePlainFile(join(folder, 'rui.key'), made.key, 0o600);
    await writePlainFile(join(folder, 'rui.crt'), made.certificate, 0o644);
    return { key: made.key, cert: made.certificate };
  });
}

/** Whoever dies lets go of the lock. */
async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    while (!lockFile(fd)) await sleep(LOCK_TRY_MS);
    return await work();
  } finally {
    closeSync(fd);
  }
}
