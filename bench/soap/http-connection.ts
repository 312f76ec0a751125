import { connect, type TLSSocket } from 'node:tls';

export interface HttpReply {
  readonly status: number;
  /** Without its body. */
  readonly head: string;
  readonly body: Buffer;
}

const HEAD_END = '\r\n\r\n';

/** One kept-alive TLS connection with one request at a time: HTTP/1.1 framing and nothing else. */
export class HttpConnection {
  readonly #socket: TLSSocket;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  /** How much there must be before it is worth looking again. */
  #neededBytes = 0;
  #settle: { resolve(reply: HttpReply): void; reject(error: Error): void } | undefined;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('data', chunk => this.#take(chunk));
    socket.on('error', error => this.#settle?.reject(error));
    socket.on('close', () => this.#settle?.reject(new Error('the server closed the connection')));
  }

  static open(host: string, port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, rejectUnauthorized: false });
      socket.setNoDelay(true);
      socket.once('error', reject);
      socket.once('secureConnect', () => {
        socket.off('error', reject);
        resolve(new HttpConnection(socket));
      });
    });
  }

  send(request: string): Promise<HttpReply> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes < this.#neededBytes) return;
    const all = this.#received.length === 1 ? chunk : Buffer.concat(this.#received);
    const reply = this.#whole(all);
    if (reply === undefined) {
      this.#received = [all];
      return;
    }
    this.#received = [];
    this.#receivedBytes = 0;
    this.#neededBytes = 0;
    this.#settle?.resolve(reply);
  }

  /** The reply, when all of it is there. */
  #whole(all: Buffer): HttpReply | undefined {
    const headEnd = all.indexOf(HEAD_END);
    if (headEnd < 0) return undefined;
    const head = all.toString('latin1', 0, headEnd);
    const start = headEnd + HEAD_END.length;
    const status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const body = length === undefined ? chunkedBody(all, start) : all.subarray(start, start + Number(length));
    if (length !== undefined) this.#neededBytes = start + Number(length);
    if (body === undefined || all.length < this.#neededBytes) return undefined;
    return { status, head, body };
  }
}

/** The body of a chunked reply, when its last chunk is there. */
function chunkedBody(all: Buffer, start: number): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = all.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(all.toString('latin1', at, lineEnd), 16);
    const end = lineEnd + 2 + size;
    if (all.length < end + 2) return undefined;
    if (size === 0) return Buffer.concat(parts);
    parts.push(all.subarray(lineEnd + 2, end));
    at = end + 2;
  }
}
