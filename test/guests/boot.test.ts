import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildGuests } from '../../guests/index.js';
import { TREE } from '../harness/index.js';
import { QemuMachine } from './qemu-machine.js';

const BUILD_LIMIT_MS = 1_200_000;
const PROMPT = /root@\w+:[^\n]*# /;

let folder = '';
let machine: QemuMachine | undefined;

const build = async (what: string): Promise<void> => {
  await buildGuests(what, folder, {
    cacheDir: join(TREE, 'guests/build'),
    recipesDir: join(TREE, 'guests'),
    env: Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ''])),
    onStep: () => undefined,
  });
};

const start = (guest: string, memoryMb: number): QemuMachine => {
  machine = QemuMachine.start({ disk: join(folder, guest, `${guest}-flat.vmdk`), memoryMb });
  return machine;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guests-'));
});
afterEach(() => machine?.kill());
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each([
  { name: 'linux', memoryMb: 64 },
  { name: 'tiny', memoryMb: 32 },
])('the guest $name in QEMU', ({ name, memoryMb }) => {
  beforeAll(() => build(name), BUILD_LIMIT_MS);

  it('boots from its disk to a shell with a controlling terminal', async () => {
    const guest = start(name, memoryMb);
    await guest.expect(PROMPT);
    guest.send('tty; hostname; touch /tmp/x && echo tmp is writable\n');
    await guest.expect(new RegExp(`/dev/ttyS0\\r\\n${name}\\r\\ntmp is writable`));
    await guest.expect(PROMPT);
    // Its output shows that it has the terminal: a Ctrl-C before would meet the shell.
    guest.send(`sh -c "echo slee''ping; exec sleep 1000"\n`);
    await guest.expect(/sleeping\r\n/);
    guest.send('\x03');
    await guest.expect(/\^C/);
    await guest.expect(PROMPT);
    guest.send('echo status $?; ps | grep -c "0 *-/bin/sh"\n');
    await guest.expect(/status 130\r\n2\r\n/);
  });

  it('starts a new shell when one ends', async () => {
    const guest = start(name, memoryMb);
    await guest.expect(PROMPT);
    guest.send('echo first $$; exit\n');
    const first = await guest.expect(/first (\d+)\r\n/);
    await guest.expect(PROMPT);
    guest.send('echo second $$\n');
    const second = await guest.expect(/second (\d+)\r\n/);
    expect(second[1]).not.toBe(first[1]);
  });

  it('keeps on its disk what was written and synced, over a kill and over a power-off', async () => {
    const before = start(name, memoryMb);
    await before.expect(PROMPT);
    before.send('echo kept > /root/file; sync; echo synced\n');
    await before.expect(/\nsynced\r\n/);
    await before.kill();

    const after = start(name, memoryMb);
    await after.expect(PROMPT);
    after.send('cat /root/file; echo more >> /root/file; poweroff\n');
    await after.expect(/\nkept\r\n/);
    await after.off();

    const last = start(name, memoryMb);
    await last.expect(PROMPT);
    last.send('cat /root/file\n');
    await last.expect(/\nkept\r\nmore\r\n/);
  });
});

describe('the assembler guests in QEMU', () => {
  beforeAll(() => build('asm'), BUILD_LIMIT_MS);

  it.each(['spinner', 'idler', 'ticker'])('asm-%s says that it runs', async name => {
    await start(`asm-${name}`, 8).expect(new RegExp(`${name} ready`));
  });

  it('asm-counter counts without a gap', async () => {
    const guest = start('asm-counter', 8);
    for (const count of [1, 2, 3, 4, 5])
      await guest.expect(new RegExp(`^\\s*(counter ready\\s*)?count ${count}\r\n`));
  });

  it('asm-toucher touches all memory, reports each MiB and finds its words again', async () => {
    const guest = start('asm-toucher', 16);
    for (let mib = 2; mib <= 15; mib++) await guest.expect(new RegExp(`touched up to ${mib} MiB`));
    await guest.expect(/checked up to 15 MiB/);
  });

  it('asm-writer goes on counting from its disk after a restart', async () => {
    const first = start('asm-writer', 8);
    await first.expect(/wrote 1\r\n/);
    await first.expect(/wrote 2\r\n/);
    await first.kill();
    const again = await start('asm-writer', 8).expect(/wrote (\d+)\r\n/);
    expect(Number(again[1])).toBeGreaterThan(2);
  });
});
