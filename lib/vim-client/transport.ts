import { Agent, request } from 'node:https';
import { VimClientError } from './errors.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** The certificate that the server must show (PEM); null trusts whoever answers. */
  readonly certificate: string | null;
}

const maxReplyBytes = 64 << 20;

/** Posts SOAP messages to one server and keeps its session's cookie. */
export class SoapTransport {
  readonly #endpoint: Endpoint;
  readonly #agent: Agent;
  #cookie: string | undefined;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    const { certificate } = endpoint;
    // A pinned certificate says itself who the server is: the name in it may be any of the host's.
    const trust =
      certificate === null
        ? { rejectUnauthorized: false }
        : { ca: certificate, checkServerIdentity: () => undefined };
    this.#agent = new Agent({ keepAlive: true, ...trust });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The reply's body, of a fault as of a success. @throws VimClientError */
  post(soapAction: string, body: string): Promise<string> {
    const { host, port } = this.#endpoint;
    const headers = {
      'Content-Type': 'text/xml; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      SOAPAction: `"${soapAction}"`,
      ...(this.#cookie === undefined ? {} : { Cookie: this.#cookie }),
    };
    const { promise, resolve, reject } = deferred<string>();
    const failed = (error: Error): void => {
      const isOurs = error instanceof VimClientError;
      const message = `${host}:${port} does not answer: ${error.message}`;
      reject(isOurs ? error : new VimClientError('Unreachable', message));
    };
    const options = { method: 'POST', host, port, path: '/sdk', agent: this.#agent, headers };
    const posted = request(options, reply => {
      this.#keepCookie(reply.headers['set-cookie']);
      readLimited(reply).then(
        body => resolve(body.toString('utf8')),
        (error: unknown) => posted.destroy(error as Error),
      );
    });
    posted.on('error', failed);
    posted.end(body);
    return promise;
  }

  /** A file that the server has at a path. @throws VimClientError, also when there is none */
  get(path: string): Promise<Uint8Array> {
    const { host, port } = this.#endpoint;
    const headers = this.#cookie === undefined ? {} : { Cookie: this.#cookie };
    const { promise, resolve, reject } = deferred<Uint8Array>();
    const asked = request({ method: 'GET', host, port, path, agent: this.#agent, headers }, reply => {
      const status = reply.statusCode ?? 0;
      if (status === 200) readLimited(reply).then(resolve, reject);
      else {
        reply.resume();
        reject(new VimClientError('NoFile', `${host}:${port} answered ${status} for ${path}`));
      }
    });
    asked.on('error', error =>
      reject(new VimClientError('Unreachable', `${host}:${port} does not answer: ${error.message}`)),
    );
    asked.end();
    return promise;
  }

  #keepCookie(cookies: readonly string[] | undefined): void {
    for (const cookie of cookies ?? []) {
      const match = /^\s*vmware_soap_session=("[^"]*"|[^;]*)/.exec(cookie);
      if (match !== null) this.#cookie = match[0].trim();
    }
  }
}

async function readLimited(reply: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of reply) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxReplyBytes) throw new VimClientError('ReplyTooLarge', 'The reply is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((ok, failed) => {
    resolve = ok;
    reject = failed;
  });
  return { promise, resolve, reject };
}
