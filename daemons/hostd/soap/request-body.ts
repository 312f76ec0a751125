import type { IncomingMessage } from 'node:http';

/** Largest SOAP request that is read. The largest real ones, reconfigurations, are some tens of kilobytes. */
export const maxRequestBytes = 4 << 20;

export type RequestBody = { readonly text: string } | { readonly refused: 'TooLarge' | 'NotUtf8' };

/** Reads a request's body, and no more than it may have. */
export async function readRequestBody(
  request: IncomingMessage,
  maxBytes = maxRequestBytes,
): Promise<RequestBody> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return { refused: 'TooLarge' };
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) return { refused: 'TooLarge' };
    chunks.push(chunk);
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)) };
  } catch {
    return { refused: 'NotUtf8' };
  }
}
