import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { VmkernelError } from '../../../kernel/abi/index.js';
import {
  type AccessControl,
  type LoginPolicy,
  type SessionTable,
  sessionKeyOf,
  VimFault,
} from '../../../lib/vim-server/index.js';
import { parseDatastorePath } from '../inventory/datastore-path.js';
import type { Datastore } from '../mo/datastore.js';
import type { DatastoreFileCalls } from '../vmkernel/vmkernel-link.js';
import { parseByteRange } from './byte-range.js';

export interface FolderDependencies {
  readonly sessions: SessionTable;
  readonly policy: LoginPolicy;
  readonly access: AccessControl;
  files(): DatastoreFileCalls;
  datastore(name: string): Datastore | undefined;
}

/** Bytes that are read at a time; a slow client holds no more than this. */
const chunkBytes = 1 << 20;

/** Datastore files over HTTP: GET and HEAD of /folder/<path>?dcPath=ha-datacenter&dsName=<datastore>. */
export class FolderEndpoint {
  readonly #dependencies: FolderDependencies;

  constructor(dependencies: FolderDependencies) {
    this.#dependencies = dependencies;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!(await this.#isAllowed(request))) {
      response.setHeader('WWW-Authenticate', 'Basic realm="VMware HTTP server"');
      refuse(response, 401);
      return;
    }
    try {
      await this.#send(this.#resolve(request.url ?? ''), request, response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else refuse(response, statusOf(error));
    }
  }

  async #isAllowed(request: IncomingMessage): Promise<boolean> {
    const { sessions, policy, access } = this.#dependencies;
    if (sessions.find(sessionKeyOf(request.headers.cookie)) !== undefined) return true;
    const basic = /^Basic ([A-Za-z0-9+/=]{1,1024})$/.exec(request.headers.authorization ?? '')?.[1];
    const text = basic === undefined ? '' : Buffer.from(basic, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon <= 0) return false;
    const userName = text.slice(0, colon);
    if (!access.hasAccess(userName)) return false;
    return policy.verifyPassword(userName, text.slice(colon + 1), request.socket.remoteAddress ?? '');
  }

  /** @throws VimFault InvalidDatastorePath, VmkernelError NotFound, URIError */
  #resolve(url: string): string {
    const parsed = new URL(url, 'https://host');
    const name = parsed.searchParams.get('dsName') ?? '';
    const datastore = this.#dependencies.datastore(name);
    const dcPath = parsed.searchParams.get('dcPath') ?? 'ha-datacenter';
    if (datastore === undefined || dcPath !== 'ha-datacenter') {
      throw new VmkernelError('NotFound', `There is no datastore ${name}`);
    }
    const file = decodeURIComponent(parsed.pathname.slice('/folder/'.length));
    const path = parseDatastorePath(`[${datastore.name}] ${file}`);
    return `${datastore.volume.path}/${path.file}`;
  }

  async #send(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const files = this.#dependencies.files();
    const stat = await files.stat(path);
    if (stat.type !== 'file') throw new VmkernelError('NotFound', `${path} is no file`);
    const range = parseByteRange(request.headers.range, stat.sizeBytes);
    if (range === 'unsatisfiable') {
      response.setHeader('Content-Range', `bytes */${stat.sizeBytes}`);
      refuse(response, 416);
      return;
    }
    const { start, end } = range ?? { start: 0, end: stat.sizeBytes };
    if (range !== undefined)
      response.setHeader('Content-Range', `bytes ${start}-${end - 1}/${stat.sizeBytes}`);
    response.writeHead(range === undefined ? 200 : 206, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': end - start,
      'Accept-Ranges': 'bytes',
      'Last-Modified': new Date(stat.modifiedMs).toUTCString(),
    });
    if (request.method !== 'HEAD') await sendBytes(files, path, { start, end }, response);
    response.end();
  }
}

/** @throws when the file becomes shorter meanwhile: the reply then breaks off instead of ending short */
async function sendBytes(
  files: DatastoreFileCalls,
  path: string,
  { start, end }: { start: number; end: number },
  response: ServerResponse,
): Promise<void> {
  for (let at = start; at < end && !response.destroyed; ) {
    const chunk = await files.read(path, at, Math.min(chunkBytes, end - at));
    if (chunk.length === 0) throw new VmkernelError('IoError', `${path} became shorter`);
    at += chunk.length;
    if (!response.write(chunk)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
}

function statusOf(error: unknown): number {
  if (error instanceof VimFault || error instanceof URIError || error instanceof TypeError) return 400;
  if (!(error instanceof VmkernelError)) throw error;
  if (error.code === 'NotFound' || error.code === 'NotADirectory') return 404;
  return error.code === 'ConnectionLost' ? 503 : 403;
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Length': 0 });
  response.end();
}
