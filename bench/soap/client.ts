import { HttpConnection, type HttpReply } from './http-connection.js';
import { message, type Reference, SERVICE_INSTANCE } from './messages.js';
import type { SoapServer } from './soap-server.js';

export interface ServiceObjects {
  readonly sessionManager: Reference;
  readonly propertyCollector: Reference;
  readonly viewManager: Reference;
  readonly rootFolder: Reference;
}

/** The server refused a request; the message is its fault's text. */
export class SoapRefusal extends Error {}

/** A session on one connection. */
export class SoapClient {
  readonly #connection: HttpConnection;
  readonly #server: SoapServer;
  readonly objects: ServiceObjects;
  #cookie = '';

  private constructor(server: SoapServer, connection: HttpConnection, objects: ServiceObjects) {
    this.#server = server;
    this.#connection = connection;
    this.objects = objects;
  }

  static async open(server: SoapServer): Promise<SoapClient> {
    const connection = await HttpConnection.open(server.host, server.port);
    try {
      const request = framed(server, '', message(SERVICE_INSTANCE, 'RetrieveServiceContent'));
      const text = checked(await connection.send(request)).body.toString('utf8');
      const objects = {
        sessionManager: referenceNamed(text, 'sessionManager'),
        propertyCollector: referenceNamed(text, 'propertyCollector'),
        viewManager: referenceNamed(text, 'viewManager'),
        rootFolder: referenceNamed(text, 'rootFolder'),
      };
      return new SoapClient(server, connection, objects);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  static async loggedIn(server: SoapServer): Promise<SoapClient> {
    const client = await SoapClient.open(server);
    try {
      await client.login();
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  async login(): Promise<void> {
    const { userName, password } = this.#server;
    const args = `<userName>${userName}</userName><password>${password}</password>`;
    this.#cookie = '';
    const { head } = await this.send(message(this.objects.sessionManager, 'Login', args));
    this.#cookie = /\r\nset-cookie: *([^;\r]*)/i.exec(head)?.[1] ?? '';
  }

  async logout(): Promise<void> {
    await this.send(message(this.objects.sessionManager, 'Logout'));
  }

  /** A message with its head and cookie, to be sent many times. */
  prepare(body: string, version = '2.5'): string {
    return framed(this.#server, this.#cookie, body, version);
  }

  async sendPrepared(request: string): Promise<HttpReply> {
    return checked(await this.#connection.send(request));
  }

  /** @throws SoapRefusal when the reply is a fault */
  send(body: string): Promise<HttpReply> {
    return this.sendPrepared(this.prepare(body));
  }

  /**
   * A collector of this session's own. The simulator tells changes to one waiting session only when all wait by the
   * session's first collector.
   */
  async newCollector(): Promise<Reference> {
    const body = message(this.objects.propertyCollector, 'CreatePropertyCollector');
    const { body: reply } = await this.sendPrepared(this.prepare(body, '4.1'));
    return referenceNamed(reply.toString('utf8'), 'returnval');
  }

  /** The reply's text. @throws SoapRefusal */
  async ask(body: string): Promise<string> {
    return (await this.send(body)).body.toString('utf8');
  }

  /** An object that the reply's returnval names. */
  async askReference(body: string): Promise<Reference> {
    return referenceNamed(await this.ask(body), 'returnval');
  }

  close(): void {
    this.#connection.close();
  }
}

function framed({ host, port }: SoapServer, cookie: string, body: string, version = '2.5'): string {
  return [
    'POST /sdk HTTP/1.1',
    `Host: ${host}:${port}`,
    'Content-Type: text/xml; charset=utf-8',
    `SOAPAction: "urn:vim25/${version}"`,
    ...(cookie === '' ? [] : [`Cookie: ${cookie}`]),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

function checked(reply: HttpReply): HttpReply {
  if (reply.status === 200) return reply;
  const text = reply.body.toString('utf8');
  throw new SoapRefusal(`${reply.status} ${/<faultstring>([^<]*)/.exec(text)?.[1] ?? text.slice(0, 200)}`);
}

function referenceNamed(text: string, tag: string): Reference {
  const [, type = '', value = ''] = new RegExp(`<${tag}[^>]* type="([^"]+)"[^>]*>([^<]+)<`).exec(text) ?? [];
  if (value === '') throw new SoapRefusal(`the reply names no ${tag}: ${text.slice(0, 300)}`);
  return { type, value };
}
