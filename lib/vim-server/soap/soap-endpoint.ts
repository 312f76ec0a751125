import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type VimSchema, writeFault } from '../../vim/index.js';
import { vimFault } from '../object/vim-fault.js';
import { sessionCookieOf, setCookieHeader } from './cookie.js';
import { Departure } from './departure.js';
import type { Dispatcher } from './dispatcher.js';
import { maxAnonymousRequestBytes, maxRequestBytes, readRequestBody } from './request-body.js';

const tooLarge = 'The request is too large.';
const notUtf8 = 'The request is not UTF-8.';

export interface SoapRequest {
  readonly body: Buffer;
  readonly soapAction: string | undefined;
  /** The Cookie header. */
  readonly cookie: string | undefined;
  readonly userAgent: string;
  readonly remoteAddress: string;
}

export interface SoapReply {
  readonly status: 200 | 500;
  readonly body: string;
  readonly setCookie: string | undefined;
}

/** SOAP over HTTP: POST on /sdk and everything below it. */
export class SoapEndpoint {
  readonly #dispatcher: Dispatcher;
  readonly #schema: VimSchema;
  readonly #decoder = new TextDecoder();

  constructor(dispatcher: Dispatcher, schema: VimSchema) {
    this.#dispatcher = dispatcher;
    this.#schema = schema;
  }

  async post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { cookie, soapaction, 'user-agent': userAgent = '' } = request.headers;
    const isKnown = this.#dispatcher.hasSession(sessionCookieOf(cookie));
    const body = await readRequestBody(request, isKnown ? maxRequestBytes : maxAnonymousRequestBytes);
    if ('refused' in body) {
      if (body.refused === 'TooLarge') this.#refuse(request, response, tooLarge);
      return;
    }
    const departure = new Departure();
    response.on('close', () => {
      if (!response.writableFinished) departure.gone();
    });
    const remoteAddress = request.socket.remoteAddress ?? '';
    const soapAction = singleHeader(soapaction);
    const answer = await this.answer(
      { body: body.bytes, soapAction, cookie, userAgent, remoteAddress },
      departure,
    );
    if (answer.setCookie !== undefined) response.setHeader('Set-Cookie', answer.setCookie);
    send(response, answer.status, answer.body);
  }

  /** A request that came whole. */
  async answer({ body, cookie, ...request }: SoapRequest, departure: Departure): Promise<SoapReply> {
    const text = isUtf8(body) ? this.#decoder.decode(body) : undefined;
    if (text === undefined) return { status: 500, body: this.#refusal(notUtf8), setCookie: undefined };
    const answer = await this.#dispatcher.handle({
      ...request,
      body: text,
      cookie: sessionCookieOf(cookie),
      get signal() {
        return departure.signal;
      },
    });
    const { newSession } = answer;
    const setCookie = newSession === undefined ? undefined : setCookieHeader(newSession.cookie);
    return { status: answer.status, body: answer.body, setCookie };
  }

  /** Answers without having read the request, so the connection cannot be used again. */
  #refuse(request: IncomingMessage, response: ServerResponse, message: string): void {
    response.setHeader('Connection', 'close');
    response.on('finish', () => request.destroy());
    send(response, 500, this.#refusal(message));
  }

  #refusal(message: string): string {
    const { detail } = vimFault('InvalidRequest', {}, message);
    const fault = { code: 'ClientFaultCode', message, detail } as const;
    return writeFault(this.#schema, fault, { namespace: 'urn:vim25', version: '2.5' });
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
