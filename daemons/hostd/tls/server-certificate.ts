import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readPlainFile, writePlainFile } from '../../../lib/linux/index.js';

export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

/**
 * The host's key and certificate: rui.key (0600) and rui.crt in the folder. They are made at first boot; who
 * replaces them by a pair of his own gets that one served from the next start on.
 * @throws when the files are there but are not a key and its certificate
 */
export async function loadServerCertificate(folder: string, hostName: string): Promise<ServerCertificate> {
  const keyPath = join(folder, 'rui.key');
  const certPath = join(folder, 'rui.crt');
  const key = readPlainFile(keyPath);
  const cert = readPlainFile(certPath);
  if (key !== undefined && cert !== undefined) {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
      throw new Error(`${certPath} is not the certificate of ${keyPath}`);
    }
    return { key, cert };
  }
  // Loaded only here: it is needed once in a host's life.
  const { makeCertificate } = await import('./make-certificate.js');
  const made = await makeCertificate(hostName);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await writePlainFile(keyPath, made.key, 0o600);
  await writePlainFile(certPath, made.certificate, 0o644);
  return { key: made.key, cert: made.certificate };
}
