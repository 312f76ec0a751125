import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyMemoryControlFigures, type VmInfo } from '../../kernel/abi/index.js';
import { attachStatistics, type VmkernelClient } from '../../kernel/client/index.js';
import { type Finished, groupsOf, isAlive, runProgram, TestHost, until } from '../harness/index.js';

let host: TestHost;
let kernel: VmkernelClient;
let port: number;
/** virsh's own files: credentials, cache. */
let home: string;

beforeAll(async () => {
  host = await TestHost.up();
  kernel = await host.kernel();
  port = (await host.status()).ports.https;
  home = mkdtempSync(join(host.root, 'virsh-'));
  const credentials = `[credentials-root]\nusername=root\npassword=${host.password}\n`;
  writeFileSync(join(home, 'auth'), `${credentials}[auth-esx-127.0.0.1]\ncredentials=root\n`, {
    mode: 0o600,
  });
  await host.addGuest('asm-idler');
  rmSync(join(folder(), 'asm-idler.vmx'));
}, 300_000);
afterAll(() => host.stop());

/** Where the machine's disk is, and its configuration will be. */
const folder = () => join(host.root, 'datastores/storage1/asm-idler');
const vmxFile = () => readFileSync(join(folder(), 'idler.vmx'), 'utf8');
const consoleFile = (path: string) => readFileSync(join(host.root, 'console', path), 'utf8');

/** Debian's virsh, on this host. */
async function run(...command: string[]): Promise<Finished> {
  const uri = `esx://root@127.0.0.1:${port}/?no_verify=1`;
  const env = {
    PATH: '/usr/bin:/bin',
    LC_ALL: 'C',
    LIBVIRT_AUTH_FILE: join(home, 'auth'),
    XDG_CACHE_HOME: home,
    XDG_CONFIG_HOME: home,
    XDG_RUNTIME_DIR: home,
  };
  return await runProgram('/usr/bin/virsh', ['-q', '-c', uri, ...command], { env, timeoutMs: 60_000 });
}

/** What virsh says when it succeeds. */
async function virsh(...command: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(...command);
  expect(status, `virsh ${command.join(' ')}: ${stderr}`).toBe(0);
  return stdout.toString();
}

/** `Name:   value` lines. */
function facts(text: string): Map<string, string> {
  const rows = text.split('\n').map(line => /^([^:]+?)\s*:\s+(.*)$/.exec(line));
  return new Map(rows.flatMap(row => (row === null ? [] : [[row[1] ?? '', row[2] ?? ''] as const])));
}

async function running(): Promise<VmInfo | undefined> {
  const { vms } = await kernel.call('listVms', {});
  return vms.find(vm => vm.vmxPath.endsWith('/asm-idler/idler.vmx'));
}

const definition = `<domain type='vmware'>
  <name>idler</name>
  <memory unit='KiB'>16384</memory>
  <vcpu cpuset='0'>1</vcpu>
  <cputune><shares>2000</shares></cputune>
  <os><type arch='i686'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <source file='[storage1] asm-idler/asm-idler.vmdk'/>
      <target dev='hda' bus='ide'/>
    </disk>
    <serial type='file'>
      <source path='[storage1] asm-idler/serial.log'/>
      <target port='0'/>
    </serial>
    <graphics type='vnc' port='5987' autoport='no' passwd='secret' listen='127.0.0.1'/>
  </devices>
</domain>
`;

async function define(): Promise<void> {
  const path = join(home, 'idler.xml');
  writeFileSync(path, definition);
  await virsh('define', path);
}

describe('unmodified virsh on the host', () => {
  it('finds an ESX Server 3.5, its name and its UUID', async () => {
    expect(await virsh('version')).toContain('Running hypervisor: ESX 3.5.0');
    const named = await host.ssh('hostname');
    expect(await virsh('hostname')).toBe(named.stdout.toString());
    const uuid = consoleFile('etc/vmware/hostd/host-uuid').trim();
    expect(await virsh('capabilities')).toContain(`<uuid>${uuid}</uuid>`);
  });

  it('finds the processors and the memory that the VMkernel has', async () => {
    const info = await kernel.call('hostInfo', {});
    const node = facts(await virsh('nodeinfo'));
    expect(node.get('CPU(s)')).toBe(String(info.pcpus.length));
    expect(node.get('CPU frequency')).toBe(`${Math.floor(info.pcpuMhz)} MHz`);
    expect(node.get('Memory size')).toBe(`${Math.floor(info.machineMemoryBytes / 1024)} KiB`);
    const model = /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
    // libvirt shortens the model and has 32 bytes for it.
    expect(model).toContain((node.get('CPU model') ?? 'none').split(' ')[0]);
  });

  it('is told of free memory what the VMkernel has in its shared memory', async () => {
    const freeKb = Number(/(\d+) KiB/.exec(await virsh('freecell'))?.[1]);
    const { memory } = attachStatistics((await kernel.call('hostInfo', {})).shmDir);
    const figures = emptyMemoryControlFigures();
    await until('a quiet row', () => memory.memoryControl.read(figures));
    // virsh is told the used memory in whole megabytes.
    expect(Math.abs(freeKb - figures.freePages * 4)).toBeLessThanOrEqual(1024);
  });

  it('finds no network before there is one, and does not stumble', async () => {
    expect((await virsh('net-list', '--all')).trim()).toBe('');
    expect((await virsh('iface-list', '--all')).trim()).toBe('');
  });
});

describe('unmodified virsh on a machine', () => {
  it('defines it: a file on the datastore, an entry in the inventory', async () => {
    await define();
    expect(vmxFile()).toContain('displayName = "idler"');
    expect(vmxFile()).toContain('memsize = "16"');
    expect(vmxFile()).toContain('sched.cpu.affinity = "0"');
    expect(vmxFile()).toContain('sched.cpu.shares = "high"');
    expect(consoleFile('etc/vmware/hostd/vmInventory.xml')).toContain('/asm-idler/idler.vmx');
    expect(await virsh('list', '--all')).toMatch(/^\s*-\s+idler\s+shut off$/m);
    expect(await virsh('domstate', 'idler')).toBe('shut off\n');
  });

  it('reads it back as its file says, and understands that file by itself', async () => {
    const xml = await virsh('dumpxml', 'idler');
    const bytes = /uuid\.bios = "([0-9a-f -]+)"/.exec(vmxFile())?.[1]?.replace(/[ -]/g, '') ?? '';
    const uuid = bytes.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    expect(xml).toContain(`<uuid>${uuid}</uuid>`);
    expect(xml).toContain("<memory unit='KiB'>16384</memory>");
    expect(xml).toContain("<source file='[storage1] asm-idler/asm-idler.vmdk'/>");
    expect(xml).toContain("<vcpu placement='static' cpuset='0'>1</vcpu>");
    expect(xml).toContain('<shares>2000</shares>');
    expect(vmxFile()).toContain('RemoteDisplay.vnc.port = "5987"');
    expect(xml).toContain("<graphics type='vnc' port='5987' autoport='no' listen='127.0.0.1'>");
    const native = await virsh('domxml-from-native', 'vmware-vmx', join(folder(), 'idler.vmx'));
    expect(native).toContain(`<uuid>${uuid}</uuid>`);
    const info = facts(await virsh('dominfo', 'idler'));
    expect(info.get('UUID')).toBe(uuid);
    expect(info.get('Max memory')).toBe('16384 KiB');
    expect(info.get('CPU(s)')).toBe('1');
    expect(info.get('Persistent')).toBe('yes');
  });

  it('starts it: a process, and a world that esxtop counts', async () => {
    await virsh('start', 'idler');
    const vm = await running();
    expect(isAlive(vm?.pid ?? 0)).toBe(true);
    expect(await virsh('list')).toMatch(/^\s*\d+\s+idler\s+running$/m);
    expect(await virsh('domstate', 'idler')).toBe('running\n');
    const batch = await host.ssh('esxtop -b -n 1 -d 2');
    expect(batch.stdout.toString()).toContain(':idler)');
  }, 60_000);

  it('gives it other shares and a limit while it runs, and the scheduler has them at once', async () => {
    const before = (await groupsOf(kernel, 'idler')).vm;
    expect(before).toMatchObject({ shares: 2000, affinity: 1 });
    await virsh('schedinfo', 'idler', '--set', 'shares=1500', '--set', 'limit=400');
    const { shares, limitMhz } = (await groupsOf(kernel, 'idler')).vm;
    expect([shares, Math.round(limitMhz)]).toEqual([1500, 400]);
    const told = facts(await virsh('schedinfo', 'idler'));
    expect([told.get('shares'), told.get('limit')]).toEqual(['1500', '400']);
  });

  it('is told what is not built, and the machine runs on', async () => {
    const { status, stderr } = await run('suspend', 'idler');
    expect(status).not.toBe(0);
    expect(stderr).toContain('not supported');
    expect((await running())?.state).toBe('poweredOn');
  });

  it('destroys it: the process is gone when virsh returns', async () => {
    const pid = (await running())?.pid ?? 0;
    await virsh('destroy', 'idler');
    expect(isAlive(pid)).toBe(false);
    expect(await virsh('domstate', 'idler')).toBe('shut off\n');
  });

  it('sets memory and shares, which are in the file then', async () => {
    await virsh('setmem', 'idler', '8192', '--current');
    expect(facts(await virsh('dominfo', 'idler')).get('Used memory')).toBe('8192 KiB');
    expect(vmxFile()).toMatch(/sched\.mem\.max = "8"/);
    await virsh('schedinfo', 'idler', '--set', 'shares=500');
    expect(facts(await virsh('schedinfo', 'idler')).get('shares')).toBe('500');
    expect(vmxFile()).toMatch(/sched\.cpu\.shares = "500"/);
    await virsh('schedinfo', 'idler', '--set', 'reservation=100', '--set', 'limit=300');
    expect(vmxFile()).toMatch(/sched\.cpu\.min = "100"/);
    expect(vmxFile()).toMatch(/sched\.cpu\.max = "300"/);
  });

  it('gives no more virtual CPUs than the engine runs', async () => {
    await virsh('setvcpus', 'idler', '1');
    const { status, stderr } = await run('setvcpus', 'idler', '2');
    expect(status).not.toBe(0);
    expect(stderr).toContain('greater than max allowable');
    expect(vmxFile()).toContain('numvcpus = "1"');
  });

  it('makes it start with the host, and no more', async () => {
    const file = () => consoleFile('etc/vmware/hostd/vmAutoStart.xml');
    expect(facts(await virsh('dominfo', 'idler')).get('Autostart')).toBe('disable');
    await virsh('autostart', 'idler');
    expect(facts(await virsh('dominfo', 'idler')).get('Autostart')).toBe('enable');
    expect(file()).toMatch(/<startAction>powerOn<\/startAction>/i);
    await virsh('autostart', 'idler', '--disable');
    expect(facts(await virsh('dominfo', 'idler')).get('Autostart')).toBe('disable');
    expect(file()).toMatch(/<startAction>none<\/startAction>/i);
  }, 30_000);

  it('undefines it: the inventory forgets it, its files stay', async () => {
    await virsh('undefine', 'idler');
    expect((await virsh('list', '--all')).trim()).toBe('');
    expect(consoleFile('etc/vmware/hostd/vmInventory.xml')).not.toContain('asm-idler');
    expect(existsSync(join(folder(), 'asm-idler-flat.vmdk'))).toBe(true);
  });

  it('refuses a wrong password and a machine that is not there', async () => {
    expect((await run('dominfo', 'nobody')).status).not.toBe(0);
    const auth = readFileSync(join(home, 'auth'), 'utf8');
    writeFileSync(join(home, 'auth'), auth.replace(/password=.*/, 'password=wrong'));
    const { status, stderr } = await run('list');
    writeFileSync(join(home, 'auth'), auth);
    expect(status).not.toBe(0);
    expect(stderr).toContain('incorrect user name or password');
  });
});
