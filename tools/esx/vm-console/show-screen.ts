import { join } from 'node:path';
import type { Command } from '../arguments.js';
import { FrontDoorError } from '../errors.js';
import type { InitStatus } from '../init-client.js';
import { ConsoleGateway } from './gateway.js';
import { connectScreen } from './ticket.js';
import { VncPort } from './vnc-port.js';
import { WebConsole } from './web-console.js';

interface Around {
  readonly tree: string;
  readonly output: NodeJS.WritableStream;
}

/**
 * Serves a VM's screen until a signal ends it, which is its ordinary end, or the connection to the VM does.
 * Prints `127.0.0.1:PORT` for a VNC viewer, or the link for a browser.
 */
export async function showScreen(
  init: InitStatus,
  password: string,
  command: Extract<Command, { name: 'screen' }>,
  around: Around,
): Promise<number> {
  const gateway = await ConsoleGateway.open(await connectScreen(init, password, command.vm));
  try {
    const door = await openDoor(gateway, command, around);
    try {
      const reason = await Promise.race([gateway.ended, signalled()]);
      if (reason !== null)
        throw new FrontDoorError('VmFailed', `the console of ${command.vm} is over: ${reason}`);
      return 0;
    } finally {
      door.close();
    }
  } finally {
    gateway.close();
  }
}

async function openDoor(
  gateway: ConsoleGateway,
  { by, port }: Extract<Command, { name: 'screen' }>,
  { tree, output }: Around,
): Promise<{ close(): void }> {
  if (by === 'vnc') {
    const door = await VncPort.open(gateway, port);
    output.write(`127.0.0.1:${door.port}\n`);
    return door;
  }
  const door = await WebConsole.open(gateway, port, join(tree, 'node_modules/@novnc/novnc'));
  output.write(`${door.link}\n`);
  return door;
}

function signalled(): Promise<null> {
  return new Promise(resolve => {
    const end = (): void => resolve(null);
    process.once('SIGINT', end).once('SIGTERM', end).once('SIGHUP', end);
  });
}
