import type { IncomingMessage, ServerResponse } from 'node:http';
import { VmkernelError, type VmkernelErrorCode } from '../../../kernel/abi/index.js';
import { VimFault } from '../../../lib/vim-server/index.js';
import type { HttpCaller, HttpCallers } from '../access/index.js';
import type { Datastore } from '../mo/datastore.js';
import type { DatastoreFileCalls } from '../vmkernel/vmkernel-link.js';
import { Interrupted, receiveFile, sendFile } from './file-transfer.js';
import { type FolderAddress, parseFolderAddress } from './folder-address.js';
import { datacentersPage, datastoresPage, folderPage } from './folder-page.js';

export interface FolderDependencies {
  readonly callers: HttpCallers;
  files(): DatastoreFileCalls;
  datastore(name: string): Datastore | undefined;
  datastores(): readonly Datastore[];
  /** A file was written or removed: it may describe a machine. */
  fileChanged(path: string): void;
  /** Anything else than what a request may end with. */
  onError(error: unknown): void;
}

/** A client that sends nothing for this long has gone. */
const idleMs = 60_000;
/** What a refused client may still send before it is cut off: it would not read the answer otherwise. */
const lingerMs = 2_000;

/** Datastore files over HTTP: /folder/<path>?dcPath=ha-datacenter&dsName=<datastore>. GET, HEAD, PUT, DELETE. */
export class FolderEndpoint {
  readonly #dependencies: FolderDependencies;

  constructor(dependencies: FolderDependencies) {
    this.#dependencies = dependencies;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const caller = await this.#dependencies.callers.identify(request);
      if (caller === undefined) {
        response.setHeader('WWW-Authenticate', 'Basic realm="VMware HTTP server"');
        refuse(response, 401);
        return;
      }
      await this.#answer(parseFolderAddress(request.url ?? ''), caller, response);
    } catch (error) {
      const status = statusOf(error);
      if (status === 500) this.#dependencies.onError(error);
      if (response.headersSent || error instanceof Interrupted) response.destroy();
      else refuse(response, status, error instanceof Error && status !== 500 ? error.message : '');
    }
  }

  async #answer(address: FolderAddress, caller: HttpCaller, response: ServerResponse): Promise<void> {
    const { method } = response.req;
    if (address.kind !== 'file') {
      if (method !== 'GET' && method !== 'HEAD') throw refused('PermissionDenied', 'No file is named');
      const seen = this.#dependencies.datastores().filter(one => caller.may(one, 'Datastore.Browse'));
      sendPage(
        response,
        address.kind === 'datacenters' ? datacentersPage() : datastoresPage(seen.map(({ name }) => name)),
      );
      return;
    }
    const datastore = this.#dependencies.datastore(address.datastore);
    if (datastore === undefined || !caller.may(datastore, 'System.View'))
      throw refused('NotFound', `There is no datastore ${address.datastore}`);
    const isRead = method === 'GET' || method === 'HEAD';
    if (!caller.may(datastore, isRead ? 'Datastore.Browse' : 'Datastore.FileManagement'))
      throw refused('PermissionDenied', `Permission to do this on ${datastore.name} was denied`);
    const path = `${datastore.volume.path}/${address.file}`;
    if (isRead) await this.#get(datastore, address.file, response);
    else if (method === 'PUT') await this.#put(path, address.isFolder, response);
    else await this.#delete(path, response);
  }

  async #get(datastore: Datastore, file: string, response: ServerResponse): Promise<void> {
    const files = this.#dependencies.files();
    const path = file === '' ? datastore.volume.path : `${datastore.volume.path}/${file}`;
    const stat = await files.stat(path);
    if (stat.type === 'directory')
      sendPage(response, folderPage(datastore.name, file, await files.list(path)));
    else if (stat.type === 'file') await sendFile(files, path, stat, response);
    else throw refused('NotFound', 'It is no file');
  }

  async #put(path: string, isFolder: boolean, response: ServerResponse): Promise<void> {
    const request = response.req;
    if (isFolder) throw refused('InvalidArgument', 'A file is needed, not a folder');
    if (request.headers['content-range'] !== undefined)
      throw refused('InvalidArgument', 'Files are written whole');
    const files = this.#dependencies.files();
    const isNew = await isMissing(files, path);
    if (request.headers.expect !== undefined) response.writeContinue();
    await receiveFile(files, path, request, idleMs);
    this.#dependencies.fileChanged(path);
    response.writeHead(isNew ? 201 : 200, { 'Content-Length': 0 });
    response.end();
  }

  async #delete(path: string, response: ServerResponse): Promise<void> {
    await this.#dependencies.files().remove(path);
    this.#dependencies.fileChanged(path);
    response.writeHead(204);
    response.end();
  }
}

async function isMissing(files: DatastoreFileCalls, path: string): Promise<boolean> {
  try {
    await files.stat(path);
    return false;
  } catch (error) {
    if (error instanceof VmkernelError && error.code === 'NotFound') return true;
    throw error;
  }
}

const statuses: Readonly<Partial<Record<VmkernelErrorCode, number>>> = {
  NotFound: 404,
  NotADirectory: 404,
  InvalidArgument: 400,
  PermissionDenied: 403,
  FileLocked: 423,
  AlreadyExists: 409,
  NotEmpty: 409,
  NoSpace: 507,
  Busy: 503,
  ConnectionLost: 503,
  NotSupported: 501,
};

function statusOf(error: unknown): number {
  if (error instanceof VimFault) return 400;
  if (error instanceof Interrupted) return 400;
  return error instanceof VmkernelError ? (statuses[error.code] ?? 500) : 500;
}

const refused = (code: VmkernelErrorCode, message: string): VmkernelError => new VmkernelError(code, message);

function sendPage(response: ServerResponse, html: string): void {
  const body = Buffer.from(html);
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': body.length,
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** Answers a request of which a body may still come. */
function refuse(response: ServerResponse, status: number, reason = ''): void {
  const request = response.req;
  const body = Buffer.from(reason === '' ? '' : `${reason}\n`);
  const isPending = !request.complete && request.method === 'PUT';
  if (isPending) response.setHeader('Connection', 'close');
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': body.length });
  if (isPending) endAfterBody(request, response, body);
  else response.end(request.method === 'HEAD' ? undefined : body);
}

/** A socket that is closed with unread bytes is reset, and the client may lose the answer: it is heard out first. */
function endAfterBody(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  if (body.length > 0) response.write(body);
  else response.flushHeaders();
  const end = (): void => {
    clearTimeout(late);
    response.end();
  };
  const late = setTimeout(end, lingerMs);
  request.once('end', end);
  request.once('close', end);
  request.resume();
}
