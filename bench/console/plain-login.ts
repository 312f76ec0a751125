import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

const VERSION = 'RFB 003.008\n';
const NO_AUTHENTICATION = 1;
const SHARED = 1;

/** Goes through RFB 3.8's handshake at a port that asks for no password. @returns the connection, at ServerInit */
export async function plainLogin(port: number): Promise<Socket> {
  const socket = createConnection({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  await exactly(socket, VERSION.length);
  socket.write(VERSION);
  const types = await exactly(socket, (await exactly(socket, 1)).readUInt8(0));
  if (!types.includes(NO_AUTHENTICATION)) throw new Error(`port ${port} asks for a password`);
  socket.write(Buffer.of(NO_AUTHENTICATION));
  const result = (await exactly(socket, 4)).readUInt32BE(0);
  if (result !== 0) throw new Error(`port ${port} let nobody in: ${result}`);
  socket.write(Buffer.of(SHARED));
  return socket;
}

async function exactly(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(count) as Buffer | null;
    if (bytes !== null) return bytes;
    if (socket.readableEnded || socket.destroyed) throw new Error('the server left in the handshake');
    await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
  }
}
