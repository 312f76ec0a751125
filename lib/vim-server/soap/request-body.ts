import type { IncomingMessage } from 'node:http';

/**
 * Largest SOAP request that is read of a client with a session; the largest real ones, reconfigurations, are some
 * tens of kilobytes. Who has none yet has nothing long to say, and there may be many of them.
 */
export const maxRequestBytes = 4 << 20;
export const maxAnonymousRequestBytes = 64 << 10;

export type RequestBody = { readonly bytes: Buffer } | { readonly refused: 'TooLarge' | 'Gone' };

/** Reads a request's body, and no more than it may have. */
export async function readRequestBody(request: IncomingMessage, maxBytes: number): Promise<RequestBody> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return { refused: 'TooLarge' };
  const bytes = await readBytes(request, maxBytes);
  return typeof bytes === 'string' ? { refused: bytes } : { bytes };
}

function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer | 'TooLarge' | 'Gone'> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= maxBytes) chunks.push(chunk);
      else {
        request.pause();
        resolve('TooLarge');
      }
    });
    request.on('end', () =>
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
    );
    request.on('error', error => (request.complete ? reject(error) : resolve('Gone')));
    request.on('close', () => resolve('Gone'));
  });
}
