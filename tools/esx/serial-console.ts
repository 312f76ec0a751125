import { createConnection, type Socket } from 'node:net';
import type { ReadStream } from 'node:tty';
import { FrontDoorError } from './errors.js';
import { Settle, type SettleOptions } from './settle.js';

const LEAVE = 0x1d; // Ctrl-]
const CHECK_MS = 50;

export interface Terminal {
  readonly input: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;
  readonly output: NodeJS.WritableStream;
  readonly notes: (text: string) => void;
}

/** A VM's serial port, as bytes. @throws FrontDoorError UnknownVm when nobody listens there */
export function connectSerial(socketPath: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath);
    socket.once('connect', () => resolve(socket));
    socket.once('error', cause =>
      reject(
        new FrontDoorError('UnknownVm', `the VM's serial port does not answer: ${cause.message}`, undefined, {
          cause,
        }),
      ),
    );
  });
}

/** The serial console on a terminal, raw, until Ctrl-] or the VM's end. */
export function talk(vm: string, socket: Socket, terminal: Terminal): Promise<void> {
  terminal.notes(`Console of ${vm}. Ctrl-] leaves.\r\n`);
  terminal.input.setRawMode?.(true);
  return new Promise<void>(resolve => {
    socket.on('data', chunk => terminal.output.write(chunk));
    socket.on('close', () => resolve());
    socket.on('error', () => socket.destroy());
    terminal.input.on('end', () => socket.destroy());
    terminal.input.on('data', (chunk: Buffer) => {
      const at = chunk.indexOf(LEAVE);
      socket.write(at < 0 ? chunk : chunk.subarray(0, at));
      if (at >= 0) socket.destroy();
    });
  }).finally(() => {
    terminal.input.setRawMode?.(false);
    terminal.input.pause();
    terminal.notes('\r\n');
  });
}

/** The serial console without a terminal: input to the guest, the guest to output, until it has settled. */
export async function pipeThrough(socket: Socket, terminal: Terminal, options: SettleOptions): Promise<void> {
  const settle = new Settle(options);
  const now = () => performance.now();
  const end = new Promise<'yes' | 'limit' | 'closed'>(resolve => {
    const timer = setInterval(() => {
      const state = settle.state(now());
      if (state !== 'no') finish(state);
    }, CHECK_MS);
    const finish = (how: 'yes' | 'limit' | 'closed') => {
      clearInterval(timer);
      resolve(how);
    };
    socket.on('data', chunk => {
      settle.printed(chunk.toString('latin1'), now());
      terminal.output.write(chunk);
    });
    socket.on('close', () => finish('closed'));
    socket.on('error', () => socket.destroy());
    terminal.output.on('error', () => finish('closed'));
    terminal.input.on('data', (chunk: Buffer) => {
      settle.typed(now());
      if (!socket.write(chunk)) {
        terminal.input.pause();
        socket.once('drain', () => terminal.input.resume());
      }
    });
    terminal.input.on('end', () => settle.inputEnded(now()));
    terminal.input.on('error', () => settle.inputEnded(now()));
  });
  const how = await end;
  socket.destroy();
  terminal.input.pause();
  if (how === 'limit')
    throw new FrontDoorError(
      'GuestSilent',
      'the guest did not print what was waited for',
      'See --wait and --timeout.',
    );
}
