import { timingSafeEqual } from 'node:crypto';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { VmOffer } from '../../../kernel/abi/index.js';

const KEEP_ALIVE_MS = 60_000;
/** For the handshake and the nonce. */
const OPENING_MS = 15_000;

/** Who came by a ticket, and what he may. */
export interface Bearer {
  readonly user: string;
  readonly rights: readonly string[];
  /** `10.0.0.7:51234` */
  readonly peer: string;
}

/**
 * Opens the second TLS session on a connection that is this process's now.
 * @returns the stream after the nonce. It fails when the client is another, too slow, or speaks no TLS; then the
 *   connection is closed
 */
export function openSecondSession(fd: number, offer: VmOffer): Promise<TLSSocket> {
  const { certificate: cert, key, nonce } = offer;
  const socket = new Socket({ fd, readable: true, writable: true });
  socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
  const tls = new TLSSocket(socket, { isServer: true, cert, key });
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      clearTimeout(late);
      socket.destroy();
      reject(new Error(reason));
    };
    const late = setTimeout(() => fail('the second TLS session was not opened in time'), OPENING_MS);
    const onError = (error: Error): void => fail(error.message);
    const onClose = (): void => fail('the client left before the second TLS session was open');
    tls.on('error', onError);
    tls.once('close', onClose);
    socket.on('error', onError);
    afterNonce(tls, Buffer.from(nonce), isRight => {
      if (!isRight) return fail('the client does not know the nonce of the first session');
      clearTimeout(late);
      tls.off('close', onClose);
      // onError stays: an error that comes before somebody else listens must not end the VM.
      resolve(tls);
    });
  });
}

/** Reads the nonce, no byte more. */
function afterNonce(tls: TLSSocket, nonce: Uint8Array, done: (isRight: boolean) => void): void {
  if (nonce.length === 0) {
    tls.once('secure', () => done(true));
    return;
  }
  const read = (): void => {
    const bytes: unknown = tls.read(nonce.length);
    if (!(bytes instanceof Uint8Array)) return;
    tls.off('readable', read);
    done(bytes.length === nonce.length && timingSafeEqual(bytes, nonce));
  };
  tls.on('readable', read);
}
