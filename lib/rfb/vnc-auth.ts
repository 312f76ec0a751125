import { createCipheriv, timingSafeEqual } from 'node:crypto';

export const CHALLENGE_BYTES = 16;
const KEY_BYTES = 8;

/**
 * RFB's VNC authentication: the challenge encrypted by DES with the password's first eight bytes as key, each byte's
 * bits reversed (RFC 6143 7.2.2). OpenSSL 3 keeps DES in its legacy provider; three-key DES with one key is the same.
 */
export function vncResponse(password: string, challenge: Uint8Array): Buffer {
  const key = Buffer.alloc(KEY_BYTES);
  Buffer.from(password, 'latin1').copy(key, 0, 0, KEY_BYTES);
  for (let i = 0; i < KEY_BYTES; i++) key[i] = reverseBits(key[i] ?? 0);
  const cipher = createCipheriv('des-ede3', Buffer.concat([key, key, key]), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(challenge), cipher.final()]);
}

/** @param response {@link CHALLENGE_BYTES} bytes */
export function isVncResponse(password: string, challenge: Uint8Array, response: Uint8Array): boolean {
  return timingSafeEqual(vncResponse(password, challenge), response);
}

function reverseBits(byte: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) reversed |= 0x80 >> bit;
  return reversed;
}
