import type { IncomingMessage, ServerResponse } from 'node:http';
import { type FileStat, VmkernelError } from '../../../kernel/abi/index.js';
import { drained } from '../../../lib/vim-server/index.js';
import type { DatastoreFileCalls } from '../vmkernel/vmkernel-link.js';
import { type ByteRange, parseByteRange } from './byte-range.js';

/** Bytes that are held at a time, of a slow client or a slow datastore. */
const chunkBytes = 1 << 20;

/** The client went away, or was silent for too long, before all was there. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Sends a file, or the range that was asked for. */
export async function sendFile(
  files: DatastoreFileCalls,
  path: string,
  stat: FileStat,
  response: ServerResponse,
): Promise<void> {
  const { sizeBytes, modifiedMs } = stat;
  const { headers, method } = response.req;
  const etag = `"${sizeBytes.toString(16)}-${Math.floor(modifiedMs * 1000).toString(16)}"`;
  const lastModified = new Date(modifiedMs).toUTCString();
  const ifRange = headers['if-range'];
  const isSame = ifRange === undefined || ifRange === etag || ifRange === lastModified;
  const range = isSame ? parseByteRange(headers.range, sizeBytes) : undefined;
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('ETag', etag);
  response.setHeader('Last-Modified', lastModified);
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'Content-Range': `bytes */${sizeBytes}`, 'Content-Length': 0 });
    response.end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: sizeBytes };
  if (range !== undefined) response.setHeader('Content-Range', `bytes ${start}-${end - 1}/${sizeBytes}`);
  response.writeHead(range === undefined ? 200 : 206, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': end - start,
  });
  if (method !== 'HEAD' && end > start) await sendBytes(files, path, { start, end }, response);
  response.end();
}

/** @throws when the file becomes shorter meanwhile: the reply then breaks off instead of ending short */
async function sendBytes(
  files: DatastoreFileCalls,
  path: string,
  { start, end }: ByteRange,
  response: ServerResponse,
): Promise<void> {
  const read = (at: number): Promise<Buffer> => files.read(path, at, Math.min(chunkBytes, end - at));
  let next = read(start);
  for (let at = start; at < end && !response.destroyed; ) {
    const chunk = await next;
    if (chunk.length === 0) throw new VmkernelError('IoError', `${path} became shorter`);
    at += chunk.length;
    // One piece is read while the one before goes out.
    next = at < end ? read(at) : next;
    next.catch(() => undefined); // looked at when it is needed
    if (!response.destroyed && !response.write(chunk)) await drained(response);
  }
}

/**
 * Takes a file. It appears when all of it is there; a client that ends before, or is silent for `idleMs`, leaves
 * nothing.
 * @throws Interrupted, VmkernelError
 */
export async function receiveFile(
  files: DatastoreFileCalls,
  path: string,
  request: IncomingMessage,
  idleMs: number,
): Promise<void> {
  const length = request.headers['content-length'];
  const upload = await files.upload(path, length === undefined ? undefined : Number(length));
  try {
    // One piece is written while the next one comes.
    let writing = Promise.resolve();
    for await (const piece of pieces(request, idleMs)) {
      await writing;
      writing = upload.write(piece);
      writing.catch(() => undefined); // looked at above or below
    }
    await writing;
    await upload.commit();
  } catch (error) {
    await upload.abort().catch((failure: unknown) => {
      // It is over already, or the connection is and the VMkernel takes it back.
      if (!(failure instanceof VmkernelError)) throw failure;
    });
    throw error;
  }
}

/** The body in pieces of about a megabyte. The client is not read further while one is written. */
async function* pieces(request: IncomingMessage, idleMs: number): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  // The time in which a piece is written is not the client's.
  let heardMs = performance.now();
  const idle = setInterval(() => {
    if (performance.now() - heardMs > idleMs) request.destroy(new Interrupted('The client is silent'));
  }, idleMs / 4);
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      waiting.push(chunk);
      waitingBytes += chunk.length;
      if (waitingBytes >= chunkBytes) {
        const piece = Buffer.concat(waiting);
        waiting = [];
        waitingBytes = 0;
        heardMs = Number.POSITIVE_INFINITY;
        yield piece;
      }
      heardMs = performance.now();
    }
  } catch (error) {
    if (request.complete) throw error;
    throw new Interrupted('The client ended the transfer');
  } finally {
    clearInterval(idle);
  }
  if (!request.complete) throw new Interrupted('The client ended the transfer');
  if (waitingBytes > 0) yield Buffer.concat(waiting);
}
