import { setTimeout as delay } from 'node:timers/promises';
import { FrontDoorError } from './errors.js';
import { LINUX } from './guest-image.js';
import { connectSerial } from './serial-console.js';

const LIMIT_MS = 120_000;
/** A guest whose prompt was followed by other words (a kernel's) prints it again for an empty line. */
const NUDGE_MS = 20_000;

/** Waits until the default guest's shell has printed its prompt on the serial port. */
export async function awaitPrompt(socketPath: () => Promise<string>): Promise<void> {
  const socket = await connectSerial(await socketPath());
  let printed = '';
  let lastMs = performance.now();
  const seen = new Promise<boolean>(resolve => {
    socket.on('data', chunk => {
      printed = (printed + chunk.toString('latin1')).slice(-4096);
      lastMs = performance.now();
      if (LINUX.prompt.test(printed)) resolve(true);
    });
    socket.on('close', () => resolve(false));
    socket.on('error', () => socket.destroy());
  });
  const deadlineMs = performance.now() + LIMIT_MS;
  try {
    for (;;) {
      const result = await Promise.race([seen, delay(200)]);
      if (result === true) return;
      if (result === false) throw silent('its VM ended', printed);
      const now = performance.now();
      if (now > deadlineMs) throw silent('it printed no prompt in 120 s', printed);
      if (now - lastMs > NUDGE_MS) {
        socket.write('\n');
        lastMs = now;
      }
    }
  } finally {
    socket.destroy();
  }
}

function silent(what: string, printed: string): FrontDoorError {
  const end = printed.trimEnd().split('\n').slice(-5).join('\n');
  return new FrontDoorError(
    'GuestSilent',
    `the guest did not come up: ${what}${end === '' ? '' : `; it last said:\n${end}`}`,
    "See vmware.log in the VM's folder.",
  );
}
