import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { DescriptionFiles } from './description-files.js';
import type { SoapEndpoint } from './soap-endpoint.js';
import { SoapLane } from './soap-lane.js';

export interface WebContent {
  readonly soap: SoapEndpoint;
  readonly descriptions: DescriptionFiles;
  /** Datastore files, below /folder/. */
  readonly folder: { serve(request: IncomingMessage, response: ServerResponse): Promise<void> };
  /** Pictures of machines, at /screen. */
  readonly screen: { serve(request: IncomingMessage, response: ServerResponse): Promise<void> };
  /** The page at / */
  readonly welcomePage: string;
  onError(error: unknown): void;
}

export interface WebLimits {
  /**
   * A client that is slower than this with its headers, or with its whole request, is cut off. Files may take longer
   * than any request: what takes them watches over them.
   */
  readonly headersTimeout: number;
  readonly requestTimeout: number;
}

const keepAliveMs = 60_000;

const defaultLimits: WebLimits = { headersTimeout: 15_000, requestTimeout: 60_000 };

function httpOptions(limits: WebLimits) {
  // How often Node looks for slow clients.
  const connectionsCheckingInterval = limits.headersTimeout;
  const { headersTimeout } = limits;
  return {
    headersTimeout,
    requestTimeout: 0,
    connectionsCheckingInterval,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: 16_384,
  };
}

const maxConnections = 4096;

/** The HTTPS server. TLS 1.2 or newer. */
export function createSecureServer(
  tls: { key: string; cert: string },
  content: WebContent,
  limits = defaultLimits,
): Server {
  const options = {
    ...tls,
    ...httpOptions(limits),
    minVersion: 'TLSv1.2',
    handshakeTimeout: 15_000,
  } as const;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (!isUpload(request)) limitTime(request, limits.requestTimeout);
    serve(content, request, response).catch((error: unknown) => {
      content.onError(error);
      if (response.headersSent) response.destroy();
      else sendText(response, 500, 'text/plain', 'Internal error\n');
    });
  };
  const server = createHttpsServer(options, answer);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // Who takes a file says first whether it will.
    if (!isUpload(request)) response.writeContinue();
    answer(request, response);
  });
  server.on('tlsClientError', (_, socket) => socket.destroy());
  addLane(server, content, limits);
  return bounded(server);
}

/** New connections are the lane's until it hands them to the server. */
function addLane(server: Server, { soap, onError }: WebContent, { headersTimeout }: WebLimits): void {
  const ordinary = server.listeners('secureConnection');
  server.removeAllListeners('secureConnection');
  const lane = new SoapLane({
    soap,
    restMs: headersTimeout,
    idleMs: keepAliveMs,
    onError,
    hand: socket => {
      for (const listener of ordinary) listener.call(server, socket);
    },
  });
  server.on('secureConnection', (socket: TLSSocket) => lane.take(socket));
  const closeOthers = server.closeAllConnections.bind(server);
  server.closeAllConnections = () => {
    lane.closeAll();
    closeOthers();
  };
}

/** The server on the plain port: it sends everybody to HTTPS. */
export function createRedirectServer(httpsPort: () => number): Server {
  const server = createHttpServer(httpOptions(defaultLimits), (request, response) => {
    const name = (request.headers.host ?? '').replace(/:\d+$/, '');
    const host = /^[A-Za-z0-9.:[\]_-]{1,255}$/.test(name) ? name : 'localhost';
    const port = httpsPort() === 443 ? '' : `:${httpsPort()}`;
    const path = request.url?.startsWith('/') === true ? request.url : '/';
    response.writeHead(301, {
      Location: `https://${host}${port}${path}`,
      'Content-Length': 0,
      Connection: 'close',
    });
    response.end();
  });
  return bounded(server);
}

function bounded(server: Server): Server {
  server.maxConnections = maxConnections;
  server.on('clientError', (_, socket) => {
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    else socket.destroy();
  });
  return server;
}

function isUpload({ method, url }: IncomingMessage): boolean {
  return method === 'PUT' && isFolder(pathOf(url));
}

function limitTime(request: IncomingMessage, limitMs: number): void {
  if (request.complete) return;
  const late = setTimeout(() => request.destroy(), limitMs);
  for (const event of ['end', 'close']) request.once(event, () => clearTimeout(late));
}

const pathOf = (url: string | undefined): string => (url ?? '/').replace(/[?#].*$/s, '');
const isFolder = (path: string): boolean => path === '/folder' || path.startsWith('/folder/');
const folderMethods: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

async function serve(content: WebContent, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(request.url);
  const isSdk = path === '/sdk' || path.startsWith('/sdk/');
  if (isSdk && request.method === 'POST') await content.soap.post(request, response);
  else if (isFolder(path) && folderMethods.has(request.method)) await content.folder.serve(request, response);
  else if (request.method !== 'GET' && request.method !== 'HEAD')
    sendText(response, 405, 'text/plain', 'Method not allowed\n');
  else if (path === '/screen') await content.screen.serve(request, response);
  else if (path === '/') sendText(response, 200, 'text/html; charset=utf-8', content.welcomePage);
  else sendDescription(content, isSdk ? path : '', request, response);
}

/** Clients look for the files at any place below /sdk, and for the service's also as /sdk?wsdl. */
function sendDescription(
  content: WebContent,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const isQuery = path !== '' && /\?wsdl$/i.test(request.url ?? '');
  const name = isQuery ? 'vimService.wsdl' : path.slice(path.lastIndexOf('/') + 1);
  const file = path === '' ? undefined : content.descriptions.find(name, request.headers.host);
  if (file === undefined) {
    sendText(response, 404, 'text/plain', 'Not found\n');
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/xml; charset=utf-8', 'Content-Length': file.length });
  response.end(request.method === 'HEAD' ? undefined : file);
}

function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  const body = Buffer.from(text);
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': body.length });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
