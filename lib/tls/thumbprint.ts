import { X509Certificate } from 'node:crypto';

/** `C5:50:…`: the hash of the first certificate in `pem`, as the API and authd write it. */
export function thumbprint(pem: string, hash: 'sha1' | 'sha256'): string {
  const certificate = new X509Certificate(pem);
  return hash === 'sha1' ? certificate.fingerprint : certificate.fingerprint256;
}
