import { Agent, request } from 'node:https';
import {
  loadVimSchema,
  ManagedObjectReference,
  readReply,
  type ServiceContent,
  typeNameOf,
  type VimSchema,
  writeRequest,
} from '../../lib/vim/index.js';
import { AgentFault, CommandError, type HostAgent } from './agent.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** The certificate that the agent must show (PEM); null trusts whoever answers, as the product's tool does. */
  readonly certificate: string | null;
}

const VERSION = '2.5';
const NAMESPACE = 'urn:vim25';
const SERVICE_INSTANCE = new ManagedObjectReference('ServiceInstance', 'ServiceInstance');
const MAX_REPLY_BYTES = 64 << 20;
const COOKIE = /vmware_soap_session=("[^"]*"|[^;]*)/;

/** One session with a host agent over HTTPS. Calls go one after another over one connection. */
export class SoapSession implements HostAgent {
  readonly #endpoint: Endpoint;
  readonly #schema: VimSchema;
  readonly #connection: Agent;
  #cookie = '';
  #content: ServiceContent | null = null;

  private constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    this.#schema = loadVimSchema();
    const { certificate } = endpoint;
    this.#connection = new Agent({
      keepAlive: true,
      maxSockets: 1,
      // The certificate itself is pinned: the name in it may be any of the host's.
      ...(certificate === null
        ? { rejectUnauthorized: false }
        : { ca: certificate, checkServerIdentity: () => undefined }),
    });
  }

  /** @throws CommandError NotAvailable when nobody, or somebody else, answers there */
  static async open(endpoint: Endpoint): Promise<SoapSession> {
    const session = new SoapSession(endpoint);
    try {
      const content = await session.call(SERVICE_INSTANCE, 'RetrieveServiceContent', {});
      session.#content = content as ServiceContent;
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  get content(): ServiceContent {
    if (this.#content === null) throw new TypeError('the session is not open');
    return this.#content;
  }

  async call(target: ManagedObjectReference, method: string, args: object): Promise<unknown> {
    const body = writeRequest(this.#schema, { method, namespace: NAMESPACE, version: VERSION, target, args });
    const reply = readReply(this.#schema, method, VERSION, await this.#post(body));
    if (!('fault' in reply)) return reply.value;
    const { message, detail } = reply.fault;
    throw new AgentFault(typeNameOf(detail) ?? 'MethodFault', message, detail);
  }

  close(): void {
    this.#connection.destroy();
  }

  #post(body: string): Promise<string> {
    const { host, port } = this.#endpoint;
    const headers = {
      'Content-Type': 'text/xml; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      SOAPAction: `"${NAMESPACE}/${VERSION}"`,
      ...(this.#cookie === '' ? {} : { Cookie: this.#cookie }),
    };
    const options = { method: 'POST', host, port, path: '/sdk', agent: this.#connection, headers };
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void =>
        reject(
          new CommandError(
            'NotAvailable',
            `The host agent at ${host}:${port} does not answer: ${error.message}`,
          ),
        );
      const posted = request(options, reply => {
        const parts: Buffer[] = [];
        let bytes = 0;
        for (const cookie of reply.headers['set-cookie'] ?? []) this.#cookie = COOKIE.exec(cookie)?.[0] ?? '';
        reply.on('error', failed);
        reply.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes > MAX_REPLY_BYTES) posted.destroy(new Error('its answer is too long'));
          else parts.push(part);
        });
        reply.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
      });
      posted.on('error', failed);
      posted.end(body);
    });
  }
}
