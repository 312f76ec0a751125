import type { IncomingMessage } from 'node:http';

/**
 * Largest SOAP request that is read of a client with a session; the largest real ones, reconfigurations, are some
 * tens of kilobytes. Who has none yet has nothing long to say, and there may be many of them.
 */
export const maxRequestBytes = 4 << 20;
export const maxAnonymousRequestBytes = 64 << 10;

export type RequestBody = { readonly text: string } | { readonly refused: 'TooLarge' | 'NotUtf8' | 'Gone' };

/** Reads a request's body, and no more than it may have. */
export async function readRequestBody(request: IncomingMessage, maxBytes: number): Promise<RequestBody> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return { refused: 'TooLarge' };
  const bytes = await readBytes(request, maxBytes);
  if (typeof bytes === 'string') return { refused: bytes };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { refused: 'NotUtf8' };
  }
}

async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer | 'TooLarge' | 'Gone'> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Uint8Array>) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) return 'TooLarge';
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (request.complete) throw error;
    return 'Gone';
  }
}
