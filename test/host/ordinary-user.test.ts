import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Finished, runProgram, TestHost, TREE } from '../harness/index.js';

/** Nobody's: without a name, without ids in /etc/subuid. */
const USER = 54_321;
/** Where the ordinary user finds the tree, which may lie in a folder of root's. */
const SEEN = '/mnt';
const AS_USER = `mount --bind "$1" ${SEEN} && shift && exec setpriv --reuid ${USER} --regid ${USER} --clear-groups \
  --bounding-set -all --inh-caps -all -- "$@"`;

class OrdinaryHost extends TestHost {
  override esx(args: readonly string[], options = {}): Promise<Finished> {
    const [command = '', ...rest] = args;
    const seen = (path: string) => path.replace(TREE, SEEN);
    const line = [
      seen(process.execPath),
      `${SEEN}/dist/tools/esx/main.js`,
      command,
      '--root',
      this.root,
      ...rest,
    ];
    return runProgram('unshare', ['--mount', 'sh', '-c', AS_USER, 'sh', TREE, ...line], {
      env: { PATH: process.env.PATH, HOME: this.root },
      ...options,
    });
  }
}

let parent: string;
let host: OrdinaryHost;
let said: string;

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'esx-user-'));
  chownSync(parent, USER, USER);
  host = new OrdinaryHost(parent);
  chownSync(host.root, USER, USER);
  said = (await host.up()).stdout.toString('utf8');
}, 120_000);
afterAll(async () => {
  await host.stop();
  rmSync(parent, { recursive: true });
});

function ownerOf(pid: number): number {
  return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
}

it('says in one table what an ordinary user’s host is without, and why', () => {
  expect(said).toMatch(/left out +scheduling classes of Linux: .*\(.*CAP_SYS_NICE/);
  expect(said).toMatch(/left out +accounts of the service console beside root \(.*newuidmap/);
  expect(said).toMatch(/left out +a limit to the number of the service console.*\(.*control group/);
});

it('names its daemons by the pids of the machine, all of them the user’s', async () => {
  const { daemons } = await host.status();
  for (const { name, pid } of daemons) {
    expect(ownerOf(pid ?? 0), name).toBe(USER);
    expect(commandOf(pid ?? 0), name).toContain(name === 'vmkernel' ? 'kernel/boot/main.js' : name);
  }
});

it('runs a guest and lets root of its console in', async () => {
  await host.addGuest('asm-ticker');
  await runProgram('chown', ['-R', `${USER}:${USER}`, join(host.root, 'datastores')]);
  const done = await host.ssh(
    'id -u; vmid=$(vim-cmd solo/registervm "[storage1] asm-ticker/asm-ticker.vmx") && vim-cmd vmsvc/power.on $vmid',
  );
  expect(done.stdout.toString('utf8')).toMatch(/^0\n/);
  const vm = await host.vm('asm-ticker');
  expect(vm.state).toBe('poweredOn');
  expect(ownerOf(vm.pid ?? 0)).toBe(USER);
  const kernel = await host.kernel();
  const world = await host.world(kernel, 'asm-ticker');
  const serial = await host.serial(world?.worldId ?? 0);
  await serial.waitFor(/ticker ready/);
});

it('leaves nothing of the boot when it goes down', async () => {
  const { bootId, daemons } = await host.status();
  expect((await host.esx(['down'])).status).toBe(0);
  for (const { pid } of daemons) expect(() => commandOf(pid ?? 0)).toThrow(/ENOENT/);
  expect(bootId).not.toBeNull();
});
