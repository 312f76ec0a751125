import type { TLSSocket } from 'node:tls';
import { Departure } from './departure.js';
import { drained } from './drained.js';
import { type PlainHead, readPlainHead } from './plain-head.js';
import type { SoapEndpoint, SoapReply } from './soap-endpoint.js';

export interface SoapLaneOptions {
  readonly soap: SoapEndpoint;
  /** Between requests, and for the rest of one that has begun. */
  readonly idleMs: number;
  readonly restMs: number;
  /** Takes over a connection whose next request is no plain one; what was read of it is given back to the socket. */
  hand(socket: TLSSocket): void;
  onError(error: unknown): void;
}

/**
 * Connections on which nothing but plain SOAP requests has come so far. Node's HTTP server takes as much CPU for a
 * small request as its answer does, so these are served without it; with the first request that is anything else, in
 * its head, its size or the way it arrives, the connection becomes the HTTP server's for good.
 */
export class SoapLane {
  readonly #options: SoapLaneOptions;
  readonly #connections = new Set<TLSSocket>();

  constructor(options: SoapLaneOptions) {
    this.#options = options;
  }

  take(socket: TLSSocket): void {
    this.#connections.add(socket);
    const forget = (): void => void this.#connections.delete(socket);
    socket.once('close', forget);
    const { hand } = this.#options;
    new LaneConnection(socket, {
      ...this.#options,
      hand: () => {
        socket.off('close', forget);
        forget();
        hand(socket);
      },
    }).begin();
  }

  closeAll(): void {
    for (const socket of this.#connections) socket.destroy();
  }
}

const empty = Buffer.alloc(0);
/** What may come while a request is being answered; then the client waits. */
const maxAheadBytes = 64 << 10;

class LaneConnection {
  readonly #socket: TLSSocket;
  readonly #options: SoapLaneOptions;
  #received: Buffer = empty;
  /** Chunks that the request under way has come in so far. */
  #chunks = 0;
  #answering: Departure | undefined;

  constructor(socket: TLSSocket, options: SoapLaneOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  begin(): void {
    const socket = this.#socket;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
    socket.on('timeout', this.#onTimeout);
    socket.on('error', this.#onSocketError);
    socket.setTimeout(this.#options.restMs);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    if (this.#answering === undefined) this.#proceed();
    else if (this.#received.length > maxAheadBytes) this.#socket.pause();
  };

  readonly #onEnd = (): void => {
    this.#answering?.gone();
    this.#socket.end();
  };

  readonly #onClose = (): void => this.#answering?.gone();
  readonly #onTimeout = (): void => void this.#socket.destroy();
  readonly #onSocketError = (): void => void this.#socket.destroy();

  /** Looks at what has come: head and body of a plain request come together or one after the other. */
  #proceed(): void {
    if (this.#received.length === 0) return;
    this.#chunks += 1;
    const head = readPlainHead(this.#received);
    if (head === 'other') {
      this.#leave();
      return;
    }
    const wantedBytes = head === 'partial' ? Number.POSITIVE_INFINITY : head.bodyStart + head.contentLength;
    if (head === 'partial' || this.#received.length < wantedBytes) {
      if (this.#chunks > 1) this.#leave();
      else this.#socket.setTimeout(this.#options.restMs);
      return;
    }
    const body = this.#received.subarray(head.bodyStart, wantedBytes);
    this.#received = this.#received.subarray(wantedBytes);
    this.#chunks = 0;
    this.#serve(head, body).catch((error: unknown) => {
      this.#options.onError(error);
      this.#socket.destroy();
    });
  }

  async #serve({ soapAction, cookie, userAgent }: PlainHead, body: Buffer): Promise<void> {
    const socket = this.#socket;
    const departure = new Departure();
    this.#answering = departure;
    socket.setTimeout(0);
    const remoteAddress = socket.remoteAddress ?? '';
    const request = { body, soapAction, cookie, userAgent, remoteAddress };
    const reply = await this.#options.soap.answer(request, departure);
    if (departure.isGone) return;
    const isTaken = socket.write(headOf(reply) + reply.body);
    if (!isTaken) await drained(socket);
    this.#answering = undefined;
    socket.setTimeout(this.#options.idleMs);
    socket.resume();
    this.#proceed();
  }

  #leave(): void {
    const socket = this.#socket;
    socket.setTimeout(0);
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('close', this.#onClose);
    socket.off('timeout', this.#onTimeout);
    socket.off('error', this.#onSocketError);
    this.#options.hand(socket);
    socket.unshift(this.#received);
  }
}

function headOf({ status, body, setCookie }: SoapReply): string {
  const cookie = setCookie === undefined ? '' : `Set-Cookie: ${setCookie}\r\n`;
  return (
    `HTTP/1.1 ${status === 200 ? '200 OK' : '500 Internal Server Error'}\r\n${cookie}` +
    `Content-Type: text/xml; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
    `Cache-Control: no-cache\r\nDate: ${new Date().toUTCString()}\r\n` +
    'Connection: keep-alive\r\nKeep-Alive: timeout=60\r\n\r\n'
  );
}
