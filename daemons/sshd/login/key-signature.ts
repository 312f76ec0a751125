import { createHash, createPublicKey } from 'node:crypto';
import ssh2 from 'ssh2';
import type { PublicKey } from './console-logins.js';

const MIN_RSA_BITS = 1024;
const MAX_RSA_BITS = 16_384;

export interface Signed {
  /** What the client signed: RFC 4252, 7. */
  readonly signed: Buffer;
  /** As ssh2 hands it over: in the form that OpenSSL takes. */
  readonly signature: Buffer;
  /** For RSA keys: `sha256` or `sha512`. */
  readonly hash: string | undefined;
}

/** @returns nothing when the key's holder made the signature, else what is wrong */
export function checkSignature(key: PublicKey, { signed, signature, hash }: Signed): string | undefined {
  const parsed = ssh2.utils.parseKey(key.blob);
  if (parsed instanceof Error || parsed.type !== key.type) return 'it is no key of its type';
  const bits = rsaBits(parsed.getPublicPEM());
  if (bits !== undefined && (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS))
    return `an RSA key of ${bits} bits is not accepted`;
  return parsed.verify(signed, signature, hash) === true ? undefined : 'the signature is wrong';
}

/** `ED25519 SHA256:…`, as OpenSSH's log has it. */
export function describeKey({ type, blob }: PublicKey): string {
  const kind = type === 'ssh-ed25519' ? 'ED25519' : type === 'ssh-rsa' ? 'RSA' : 'ECDSA';
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return `${kind} SHA256:${digest}`;
}

function rsaBits(pem: string): number | undefined {
  const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(pem);
  return asymmetricKeyType === 'rsa' ? asymmetricKeyDetails?.modulusLength : undefined;
}
