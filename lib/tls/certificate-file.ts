import { statSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { readServerCertificate, type ServerCertificate } from './server-certificate.js';
import { thumbprint } from './thumbprint.js';

/** A certificate with what is derived from it. */
export interface ShownCertificate extends ServerCertificate {
  readonly context: SecureContext;
  /** `C5:50:…` */
  readonly sha1: string;
  readonly sha256: string;
}

export interface CertificatePlace {
  /** Changes whenever the files do. */
  stamp(): string;
  /** undefined while there is none. @throws when the files are no pair */
  read(): ServerCertificate | undefined;
}

/** The certificate that a door shows: whoever replaces the files by another pair gets that one shown to the next client. */
export class CertificateFile {
  readonly #place: CertificatePlace;
  #shown: { readonly stamp: string; readonly certificate: ShownCertificate } | undefined;

  constructor(place: CertificatePlace) {
    this.#place = place;
  }

  /** undefined while there is none. @throws when the files are no pair */
  current(): ShownCertificate | undefined {
    const stamp = this.#place.stamp();
    if (this.#shown?.stamp === stamp) return this.#shown.certificate;
    const read = this.#place.read();
    if (read === undefined) return undefined;
    const certificate = {
      ...read,
      // TLS 1.3 sends tickets after the handshake, and clients that look for an answer before they ask (hydra) wait for ever.
      context: createSecureContext({ ...read, maxVersion: 'TLSv1.2' }),
      sha1: thumbprint(read.cert, 'sha1'),
      sha256: thumbprint(read.cert, 'sha256'),
    };
    this.#shown = { stamp, certificate };
    return certificate;
  }
}

/** rui.key and rui.crt in a folder that nobody else can prepare. */
export function certificateFolder(folder: string): CertificatePlace {
  return {
    stamp: () => ['rui.key', 'rui.crt'].map(name => stampOf(join(folder, name))).join(' '),
    read: () => readServerCertificate(folder),
  };
}

function stampOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? '-' : `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
}
