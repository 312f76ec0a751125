import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { openViewer } from './looks.js';
import { Noise } from './noise.js';
import { plainLogin } from './plain-login.js';
import type { Screen } from './screens.js';

const CHUNK_BYTES = 16_384;
/** Of one connection; most end themselves before. */
const CONNECTION_BYTES = 250_000;
const AT_ONCE = 4;
const SETTLE_MS = 1000;
/** One that a server neither reads nor ends. */
const STUCK_MS = 20_000;

/**
 * `handshake`: noise from the first byte on. `noise`: after a good handshake. `messages`: messages of the right lengths
 * with absurd contents. `silent`: the same from who reads nothing of what comes back.
 */
const KINDS = ['messages', 'handshake', 'messages', 'noise', 'silent', 'messages'] as const;
type Kind = (typeof KINDS)[number];

export interface Fuzzed {
  readonly connections: number;
  readonly bytes: number;
  /** Of the machine's process, after it has settled. */
  readonly rssGrowthMb: number;
  /** Frames a second that another viewer was sent meanwhile. */
  readonly otherFps: number;
}

/**
 * Sends a screen's port so many bytes of nonsense, over a few connections at a time, while another viewer looks.
 * @throws Error when the other viewer, a new one or the guest gets no answer afterwards
 */
export async function fuzz(screen: Screen, totalBytes: number, seed: number): Promise<Fuzzed> {
  await screen.order('t');
  const other = await openViewer(screen, 'tight');
  await delay(SETTLE_MS);
  const rssMb = screen.rssMb();
  const [startMs, framesBefore] = [performance.now(), other.frames];
  const noise = new Noise(seed);
  let [bytes, connections] = [0, 0];
  const attack = async (): Promise<void> => {
    while (bytes < totalBytes) {
      const kind = KINDS[connections++ % KINDS.length] ?? 'noise';
      const sent = await connection(screen.port, kind, noise);
      bytes += sent;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, attack));
  const seconds = (performance.now() - startMs) / 1000;
  const otherFps = (other.frames - framesBefore) / seconds;
  await delay(SETTLE_MS);
  await other.frame();
  other.close();
  (await openViewer(screen, 'zrle')).close();
  await screen.order('s');
  return { connections, bytes, rssGrowthMb: screen.rssMb() - rssMb, otherFps };
}

/** @returns bytes sent before the server had enough, or the connection its share */
async function connection(port: number, kind: Kind, noise: Noise): Promise<number> {
  const socket = kind === 'handshake' ? await connected(port) : await plainLogin(port);
  // What was sent to a connection that the server ends is reset.
  socket.on('error', () => undefined);
  if (kind !== 'silent') socket.resume();
  let sent = 0;
  while (!socket.closed && !socket.destroyed && socket.writable && sent < CONNECTION_BYTES) {
    const raw = kind === 'handshake' || kind === 'noise';
    const chunk = raw ? noise.bytes(CHUNK_BYTES) : noise.messages(CHUNK_BYTES);
    sent += chunk.length;
    if (!socket.write(chunk)) await drained(socket);
    else await delay(0);
  }
  if (kind !== 'silent' && socket.writable) {
    // So that the server reads all of it.
    socket.end();
    await drained(socket);
  }
  socket.destroy();
  return sent;
}

async function connected(port: number): Promise<Socket> {
  const socket = createConnection({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  return socket;
}

async function drained(socket: Socket): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  const ways = [once(socket, 'drain', { signal }), once(socket, 'close', { signal })];
  const stuck = delay(STUCK_MS, 'stuck', { signal });
  try {
    const first = await Promise.race([...ways, stuck]);
    if (first === 'stuck') throw new Error('the server neither reads nor ends a connection');
  } finally {
    stop.abort();
    await Promise.allSettled([...ways, stuck]);
  }
}
