import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join, normalize } from 'node:path';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { ConsoleGateway } from './gateway.js';
import { listenHere } from './listen-here.js';
import { PAGE } from './web-page.js';

const SECRET_BYTES = 24;
/** What a viewer sends at once is small: keys, pointer, a clipboard. */
const MAX_MESSAGE_BYTES = 2 ** 20;
const SCRIPT_PATH = /^(?:core|vendor)\/[\w./-]+\.js$/;
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data: blob:";

type Viewers = Pick<ConsoleGateway, 'attach'>;

/**
 * noVNC in a browser of this machine. The link opens once and leaves a cookie, which the page, its scripts and its
 * WebSocket need: a link that is seen later, in a history or a process list, opens nothing.
 */
export class WebConsole {
  readonly #server: Server;
  readonly #gateway: Viewers;
  readonly #noVnc: string;
  readonly #cookie = randomBytes(SECRET_BYTES).toString('hex');
  #token: string | undefined = randomBytes(SECRET_BYTES).toString('hex');
  #port = 0;
  readonly #sockets: WebSocketServer;

  private constructor(gateway: Viewers, noVnc: string) {
    this.#gateway = gateway;
    this.#noVnc = noVnc;
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: MAX_MESSAGE_BYTES,
      handleProtocols: offered => (offered.has('binary') ? 'binary' : false),
    });
    this.#server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      if (request.url !== '/socket' || !this.#isOurs(request) || !this.#mayEnter(request)) {
        socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, webSocket => {
        this.#gateway.attach(createWebSocketStream(webSocket));
      });
    });
  }

  /** @param noVnc folder of the package @novnc/novnc. @throws FrontDoorError PortInUse */
  static async open(gateway: Viewers, port: number, noVnc: string): Promise<WebConsole> {
    const web = new WebConsole(gateway, noVnc);
    web.#port = await listenHere(web.#server, port);
    return web;
  }

  /** Opens the console once. */
  get link(): string {
    return `http://127.0.0.1:${this.#port}/open/${this.#token ?? 'used'}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('Content-Security-Policy', PAGE_POLICY);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    const path = request.url ?? '';
    if (request.method !== 'GET' || !this.#isOurs(request)) refuse(response, 403, 'This is not for you.');
    else if (path.startsWith('/open/')) this.#open(path.slice('/open/'.length), response);
    else if (this.#mayEnter(request)) this.#send(path, response);
    else refuse(response, 403, 'Open the link that ./esx console printed.');
  }

  #send(path: string, response: ServerResponse): void {
    const page = PAGE[path];
    if (page !== undefined) {
      response.writeHead(200, { 'Content-Type': page.type });
      response.end(page.body);
    } else if (path.startsWith('/novnc/')) this.#sendScript(path.slice('/novnc/'.length), response);
    else refuse(response, 404, 'There is nothing here.');
  }

  #open(token: string, response: ServerResponse): void {
    if (this.#token === undefined || !equal(token, this.#token)) {
      refuse(response, 410, 'This link was used, or never was one. Run ./esx console VM --web again.');
      return;
    }
    this.#token = undefined;
    response.writeHead(302, {
      'Set-Cookie': `${this.#cookieName}=${this.#cookie}; HttpOnly; SameSite=Strict; Path=/`,
      Location: '/',
    });
    response.end();
  }

  #sendScript(path: string, response: ServerResponse): void {
    if (normalize(path) !== path || !SCRIPT_PATH.test(path)) {
      refuse(response, 404, 'There is nothing here.');
      return;
    }
    const file = createReadStream(join(this.#noVnc, path));
    file.once('open', () => response.writeHead(200, { 'Content-Type': 'text/javascript' }));
    file.once('error', () => {
      if (response.headersSent) response.destroy();
      else refuse(response, 404, 'There is nothing here.');
    });
    file.pipe(response);
  }

  /** Other sites' pages reach 127.0.0.1 as well, by a name of theirs or by their scripts. */
  #isOurs({ headers }: IncomingMessage): boolean {
    const here = `127.0.0.1:${this.#port}`;
    return headers.host === here && (headers.origin === undefined || headers.origin === `http://${here}`);
  }

  #mayEnter({ headers }: IncomingMessage): boolean {
    const pairs = (headers.cookie ?? '').split(/;\s*/);
    const named = `${this.#cookieName}=`;
    return pairs.some(pair => pair.startsWith(named) && equal(pair.slice(named.length), this.#cookie));
  }

  /** A browser keeps one set of cookies for all ports of an address. */
  get #cookieName(): string {
    return `console-${this.#port}`;
  }
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
