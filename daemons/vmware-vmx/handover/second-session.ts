import { timingSafeEqual } from 'node:crypto';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { VmOffer } from '../../../kernel/abi/index.js';
import { StartingConnections, type StartingLimits } from '../../../lib/auth/index.js';

const KEEP_ALIVE_MS = 60_000;
/** For the handshake and the nonce, with a share for each user. */
const OPENING: StartingLimits = { max: 48, maxPerAddress: 16, graceMs: 15_000 };

/** Who came by a ticket, and what he may. */
export interface Bearer {
  readonly user: string;
  readonly rights: readonly string[];
  /** `10.0.0.7:51234` */
  readonly peer: string;
}

/** The second TLS sessions that are not open yet. A new one always gets in: the oldest of its user, or of all, goes. */
export class SecondSessions {
  readonly #opening = new StartingConnections<Opening>(OPENING, () => undefined);

  /**
   * Opens the second TLS session on a connection that is this process's now.
   * @returns the stream after the nonce. It fails when the client is another, too slow, or speaks no TLS; then the
   *   connection is closed
   */
  async open(fd: number, offer: VmOffer): Promise<TLSSocket> {
    const opening = new Opening(fd, offer);
    this.#opening.add(opening, offer.user);
    try {
      return await opening.opened;
    } finally {
      this.#opening.remove(opening);
    }
  }
}

class Opening {
  readonly opened: Promise<TLSSocket>;
  #fail: (reason: string) => void = () => undefined;

  constructor(fd: number, offer: VmOffer) {
    const { certificate: cert, key, nonce } = offer;
    const socket = new Socket({ fd, readable: true, writable: true });
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
    const tls = new TLSSocket(socket, { isServer: true, cert, key });
    this.opened = new Promise((resolve, reject) => {
      this.#fail = reason => {
        socket.destroy();
        reject(new Error(reason));
      };
      const onError = (error: Error): void => this.#fail(error.message);
      const onClose = (): void => this.#fail('the client left before the second TLS session was open');
      // onError stays: an error that comes before somebody else listens must not end the VM.
      tls.on('error', onError);
      tls.once('close', onClose);
      socket.on('error', onError);
      afterNonce(tls, Buffer.from(nonce), isRight => {
        if (!isRight) return this.#fail('the client does not know the nonce of the first session');
        tls.off('close', onClose);
        resolve(tls);
      });
    });
  }

  destroy(): void {
    this.#fail('the second TLS session was not opened in time, or its user opens too many');
  }
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
