import type { IncomingMessage, ServerResponse } from 'node:http';
import { type VimSchema, writeFault } from '../../vim/index.js';
import { vimFault } from '../object/vim-fault.js';
import { sessionCookieOf, setCookieHeader } from './cookie.js';
import type { Dispatcher } from './dispatcher.js';
import { maxAnonymousRequestBytes, maxRequestBytes, readRequestBody } from './request-body.js';

const refusals = {
  TooLarge: 'The request is too large.',
  NotUtf8: 'The request is not UTF-8.',
} as const;

/** SOAP over HTTP: POST on /sdk and everything below it. */
export class SoapEndpoint {
  readonly #dispatcher: Dispatcher;
  readonly #schema: VimSchema;

  constructor(dispatcher: Dispatcher, schema: VimSchema) {
    this.#dispatcher = dispatcher;
    this.#schema = schema;
  }

  async post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const cookie = sessionCookieOf(request.headers.cookie);
    const limit = this.#dispatcher.hasSession(cookie) ? maxRequestBytes : maxAnonymousRequestBytes;
    const body = await readRequestBody(request, limit);
    if ('refused' in body) {
      if (body.refused === 'Gone') return;
      this.#refuse(request, response, refusals[body.refused]);
      return;
    }
    const departure = new Departure(response);
    const answer = await this.#dispatcher.handle({
      body: body.text,
      soapAction: singleHeader(request.headers.soapaction),
      cookie,
      remoteAddress: request.socket.remoteAddress ?? '',
      userAgent: request.headers['user-agent'] ?? '',
      get signal() {
        return departure.signal;
      },
    });
    if (answer.newSession !== undefined)
      response.setHeader('Set-Cookie', setCookieHeader(answer.newSession.cookie));
    send(response, answer.status, answer.body);
  }

  /** Answers without having read the request, so the connection cannot be used again. */
  #refuse(request: IncomingMessage, response: ServerResponse, message: string): void {
    const { detail } = vimFault('InvalidRequest', {}, message);
    const fault = { code: 'ClientFaultCode', message, detail } as const;
    response.setHeader('Connection', 'close');
    response.on('finish', () => request.destroy());
    send(response, 500, writeFault(this.#schema, fault, { namespace: 'urn:vim25', version: '2.5' }));
  }
}

function singleHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/xml; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-cache',
  });
  // As text it goes out in one piece with its head.
  response.end(text);
}

/** The client's going away before it has its reply. Few calls ask for it, so the signal is made when one does. */
class Departure {
  #aborter: AbortController | undefined;
  #isGone = false;

  constructor(response: ServerResponse) {
    response.on('close', () => {
      this.#isGone = !response.writableFinished;
      if (this.#isGone) this.#aborter?.abort();
    });
  }

  get signal(): AbortSignal {
    this.#aborter ??= new AbortController();
    if (this.#isGone) this.#aborter.abort();
    return this.#aborter.signal;
  }
}
