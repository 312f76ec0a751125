import { constants, createDeflate, type Deflate } from 'node:zlib';

const CHUNK_BYTES = 65_536;

/**
 * One zlib stream that lasts as long as its viewer. Each call compresses in zlib's thread pool and ends with a sync
 * flush, so that the viewer can read what it got; one call at a time.
 */
export class DeflateStream {
  readonly #deflate: Deflate;
  #chunks: Buffer[] = [];
  #failed: ((error: Error) => void) | null = null;

  constructor(level: number) {
    this.#deflate = createDeflate({ level, flush: constants.Z_SYNC_FLUSH, chunkSize: CHUNK_BYTES });
    this.#deflate.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    this.#deflate.on('error', error => this.#failed?.(error));
  }

  /** @param bytes not changed until the promise is settled */
  compress(bytes: Uint8Array): Promise<readonly Buffer[]> {
    return new Promise((resolve, reject) => {
      this.#failed = reject;
      this.#deflate.write(bytes, () => {
        const chunks = this.#chunks;
        this.#chunks = [];
        resolve(chunks);
      });
    });
  }

  close(): void {
    this.#failed?.(new Error('the stream was closed'));
    this.#deflate.close();
  }
}
