import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { HandoverError, type Offer } from '../handover/index.js';
import { socketFd } from '../linux/index.js';
import type { Logger } from '../log/index.js';
import { SegmentStream, type ShownCertificate } from '../tls/index.js';
import { type DoorKeeper, DoorRefusal } from './door-keeper.js';
import { AuthdSession, type ConnectRequest, GREETING, type SessionEffect } from './session.js';

/** A client that does not read its answers. */
const MAX_UNREAD_BYTES = 64 << 10;

export interface DoorConnectionOptions {
  readonly socket: Socket;
  readonly certificate: ShownCertificate;
  readonly ticketsOnly: boolean;
}

/** One client from the greeting to the hand-over, after which this process has nothing of it left. */
export class DoorConnection {
  readonly #socket: Socket;
  readonly #peer: string;
  readonly #address: string;
  readonly #keeper: DoorKeeper;
  readonly #logger: Logger;
  readonly #session: AuthdSession;
  readonly #segment: SegmentStream;
  readonly #tls: TLSSocket;
  #lastWrite: Promise<void> = Promise.resolve();
  #offer: Offer | undefined;
  #onLogin: (user: string) => void = () => undefined;
  #onOver: () => void = () => undefined;
  #over = false;

  constructor(options: DoorConnectionOptions, keeper: DoorKeeper, logger: Logger) {
    const { socket, certificate, ticketsOnly } = options;
    this.#socket = socket;
    this.#address = socket.remoteAddress ?? 'unknown';
    this.#peer = `${this.#address}:${socket.remotePort ?? 0}`;
    this.#keeper = keeper;
    this.#logger = logger;
    const { sha1: thumbprintSha1, sha256: thumbprintSha256 } = certificate;
    this.#session = new AuthdSession({ ticketsOnly, thumbprintSha1, thumbprintSha256 });
    socket.on('error', error => logger.debug({ err: error, peer: this.#peer }, 'connection'));
    socket.once('close', () => this.#end());
    socket.write(GREETING);
    this.#segment = new SegmentStream(socket);
    this.#segment.on('error', () => this.destroy());
    this.#tls = new TLSSocket(this.#segment, { isServer: true, secureContext: certificate.context });
    this.#tls.on('error', error => {
      logger.debug({ err: error, peer: this.#peer }, 'TLS');
      this.destroy();
    });
    this.#tls.once('end', () => this.destroy());
    this.#tls.on('data', (chunk: Buffer) => {
      if (!this.#over) this.#run(this.#session.receive(chunk));
    });
  }

  /** @param listener told at each login, by name and password or by a ticket of that user's */
  onLogin(listener: (user: string) => void): void {
    this.#onLogin = listener;
  }

  /** @param listener told once, when the client is gone or handed over */
  onOver(listener: () => void): void {
    this.#onOver = listener;
  }

  destroy(): void {
    this.#socket.destroy();
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#offer?.withdraw();
    this.#onOver();
  }

  #run(effects: readonly SessionEffect[]): void {
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: SessionEffect): void {
    switch (effect.type) {
      case 'send':
        this.#send(effect.text);
        break;
      case 'checkPassword':
        this.#decide(this.#userOf(effect.user, effect.password), effect.user);
        break;
      case 'checkTicket':
        this.#decide(this.#keeper.checkTicket(effect.ticket), 'a ticket');
        break;
      case 'connect':
        void this.#connect(effect.request);
        break;
      case 'handOver':
        void this.#handOver();
        break;
      case 'close':
        this.#logger.info({ peer: this.#peer }, `connection ends: ${effect.reason}`);
        void this.#lastWrite.then(() => this.#socket.destroySoon());
        break;
    }
  }

  #send(text: string): void {
    this.#lastWrite = new Promise(resolve => {
      this.#tls.write(text, () => resolve());
    });
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) this.destroy();
  }

  async #userOf(user: string, password: string): Promise<string | undefined> {
    return (await this.#keeper.verifyPassword(user, password, this.#address)) ? user : undefined;
  }

  #decide(check: Promise<string | undefined>, who: string): void {
    void check
      .catch(error => {
        this.#logger.error({ err: error, peer: this.#peer }, 'login');
        return undefined;
      })
      .then(user => {
        if (this.#over) return;
        if (user !== undefined) this.#noteLogin(who, user);
        else this.#logger.warn({ peer: this.#peer }, `failed login of ${who}`);
        this.#run(this.#session.loginDecided(user !== undefined));
      });
  }

  #noteLogin(who: string, user: string): void {
    this.#logger.info({ peer: this.#peer, user }, `login of ${who}`);
    this.#onLogin(user);
  }

  async #connect(request: ConnectRequest): Promise<void> {
    this.#segment.stopReading();
    try {
      const offer = await this.#keeper.connect(request, socketFd(this.#socket), this.#peer);
      if (this.#over) return offer.withdraw();
      this.#offer = offer;
      this.#run(this.#session.connectDecided(undefined));
    } catch (error) {
      const isReason = error instanceof DoorRefusal || error instanceof HandoverError;
      const reason = isReason ? error.message : 'an error of the host';
      this.#logger.warn({ peer: this.#peer, vm: request.vmxPath }, `CONNECT refused: ${reason}`);
      if (!isReason) this.#logger.error({ err: error }, 'CONNECT');
      if (this.#over) return;
      this.#segment.resumeReading();
      this.#run(this.#session.connectDecided(reason));
    }
  }

  /** The answer is in the client's socket before the other process may write there. */
  async #handOver(): Promise<void> {
    await this.#lastWrite;
    const offer = this.#offer;
    if (this.#over || offer === undefined) return;
    this.#offer = undefined;
    this.#segment.detach();
    await offer.go();
    this.#logger.info({ peer: this.#peer }, 'handed over');
    this.#tls.destroy();
    this.destroy();
  }
}
