import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostPowerAction } from '../../kernel/abi/index.js';
import { parseCommandLine, UsageError, type Wish } from './command-line.js';
import { PendingShutdown } from './pending.js';
import { warningText, warnTerminals } from './warning.js';

/** The VMkernel's control socket, as the service console sees it. */
const CONTROL_SOCKET = '/var/run/vmware/control.sock';

/** A refusal that is the user's to mend. */
class Refused extends Error {}

async function main(command: string, words: readonly string[]): Promise<void> {
  const wish = parseCommandLine(command, words, new Date());
  if (wish.kind === 'help') return void process.stdout.write(wish.text);
  if (process.geteuid?.() !== 0) throw new Refused(`${command}: must be root`);
  const pending = new PendingShutdown();
  const other = pending.find();
  if (wish.kind === 'cancel') {
    if (other === undefined) throw new Refused('shutdown: no shutdown waits for its time');
    process.kill(other, 'SIGINT');
    return;
  }
  if (other !== undefined)
    throw new Refused(`shutdown: already waiting (pid ${other}); shutdown -c cancels it`);
  if (wish.delayMs > 0) await waitFor(wish, pending);
  warn(wish, 'NOW!');
  if (!wish.warnOnly) await ask(wish.action);
}

async function waitFor(wish: Wish & { kind: 'power' }, pending: PendingShutdown): Promise<void> {
  const cancelled = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => cancelled.abort());
  pending.enter();
  try {
    warn(wish, `in ${Math.ceil(wish.delayMs / 60_000)} minutes!`);
    await sleep(wish.delayMs, undefined, { signal: cancelled.signal });
  } catch (error) {
    if (cancelled.signal.aborted) throw new Refused('shutdown: cancelled');
    throw error;
  } finally {
    pending.leave();
  }
}

function warn({ action, message }: Wish & { kind: 'power' }, when: string): void {
  const what = action === 'reboot' ? 'reboot' : 'system halt';
  const lines = [...(message === '' ? [] : [message]), `The system is going down for ${what} ${when}`];
  warnTerminals(warningText(userInfo().username, new Date(), lines));
}

async function ask(action: HostPowerAction): Promise<void> {
  // Loaded when it is needed: it binds native code.
  const { VmkernelClient } = await import('../../kernel/client/index.js');
  const client = await VmkernelClient.connect(CONTROL_SOCKET);
  try {
    await client.call('hostPower', { action, by: userInfo().username });
  } finally {
    client.close();
  }
}

const [command = '', ...words] = process.argv.slice(2);
main(command, words).catch((error: unknown) => {
  process.exitCode = 1;
  const text = error instanceof Error ? error.message : String(error);
  const isOwn = error instanceof UsageError || error instanceof Refused;
  process.stderr.write(isOwn ? `${text.trimEnd()}\n` : `${command}: ${text}\n`);
});
