import { createConnection, type Socket } from 'node:net';
import { z } from 'zod';
import { encodeFrame, FrameDecoder } from '../../kernel/abi/index.js';
import { FrontDoorError } from './errors.js';
import { machinePids } from './machine-pids.js';
import { PORT_NAMES } from './status.js';

const pid = z.number().int().min(0);
const InitStatus = z.object({
  state: z.enum(['starting', 'running', 'stopping']),
  bootId: z.string(),
  bind: z.string(),
  portOffset: z.number().int(),
  portsMoved: z.boolean(),
  ports: z.record(z.enum(PORT_NAMES), z.number().int()),
  pidNamespace: z.string(),
  leftOut: z.array(z.object({ what: z.string(), why: z.string() })),
  user: z.string(),
  passwordFile: z.string(),
  consoleMemory: z.object({
    sizeMb: z.number().int(),
    limit: z.enum(['kept', 'no controller', 'in other hands', 'refused']),
  }),
  daemons: z.array(
    z.object({
      name: z.string(),
      pid,
      state: z.enum(['starting', 'running', 'restarting', 'stopped']),
      failure: z.string().optional(),
    }),
  ),
});
export type InitStatus = z.infer<typeof InitStatus>;

const Reply = z.object({
  result: z.unknown().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

/** One call on init's control socket, on a connection of its own. @returns undefined when no init listens there */
export async function askInit(socketPath: string, call: 'status'): Promise<InitStatus | undefined>;
export async function askInit(
  socketPath: string,
  call: 'shutdown',
): Promise<Record<string, never> | undefined>;
export async function askInit(socketPath: string, call: 'status' | 'shutdown'): Promise<unknown> {
  const socket = await connect(socketPath);
  if (socket === undefined) return undefined;
  try {
    socket.write(encodeFrame({ id: 1, call }));
    const reply = Reply.parse(await firstFrame(socket));
    if (reply.error !== undefined)
      throw new FrontDoorError('HostFailed', `init refused ${call}: ${reply.error.message}`);
    return call === 'status' ? onThisMachine(InitStatus.parse(reply.result)) : {};
  } finally {
    socket.destroy();
  }
}

/** With the pids that this machine knows. */
function onThisMachine(status: InitStatus): InitStatus {
  const pidOf = machinePids(status.pidNamespace);
  return { ...status, daemons: status.daemons.map(d => ({ ...d, pid: pidOf(d.pid) })) };
}

function connect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else if (error.code === 'EACCES')
        reject(
          new FrontDoorError('NotRoot', `this host is another user's: ${path}`, 'Run this command as root.'),
        );
      else reject(error);
    });
  });
}

function firstFrame(socket: Socket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const decoder = new FrameDecoder();
    socket.on('data', chunk => {
      const [frame] = decoder.push(chunk);
      if (frame !== undefined) resolve(frame.header);
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new FrontDoorError('HostFailed', 'init ended before it answered')));
  });
}
