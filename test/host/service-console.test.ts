import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptySchedWorldFigures } from '../../kernel/abi/index.js';
import { attachStatistics } from '../../kernel/client/index.js';
import { ManagedObjectReference, type ServiceConsoleReservationInfo } from '../../lib/vim/index.js';
import { VimClient } from '../../lib/vim-client/index.js';
import { TestHost, TREE, until } from '../harness/index.js';

const MB = 2 ** 20;
const memorySystem = new ManagedObjectReference('HostMemorySystem', 'memoryManagerSystem');
let host: TestHost;

beforeAll(async () => {
  host = await TestHost.up();
}, 300_000);
afterAll(() => host.stop());

async function withVim<T>(use: (vim: VimClient) => Promise<T>): Promise<T> {
  const { ports } = await host.status();
  const certificate = readFileSync(join(host.root, 'console/etc/vmware/ssl/rui.crt'), 'utf8');
  const vim = await VimClient.open({ host: '127.0.0.1', port: ports.https, certificate });
  try {
    await vim.login('root', host.password);
    return await use(vim);
  } finally {
    vim.close();
  }
}

const reservation = (vim: VimClient): Promise<ServiceConsoleReservationInfo> =>
  vim
    .read(memorySystem, ['consoleReservationInfo'])
    .then(found => found.get('consoleReservationInfo') as ServiceConsoleReservationInfo);

describe('the memory of the service console', () => {
  it('is refused below 272 MB, above 800 MB and in parts of a megabyte', async () => {
    await withVim(async vim => {
      for (const mb of [271, 801, 272.5]) {
        const asked = vim.call(memorySystem, 'ReconfigureServiceConsoleReservation', {
          cfgBytes: BigInt(mb * MB),
        });
        await expect(asked).rejects.toMatchObject({ code: 'InvalidArgument' });
      }
    });
  });

  it('is 272 MB, and after the next boot what a client asked for; VMs have the less', async () => {
    const before = (await host.status()).consoleMemory;
    expect(before?.sizeMb).toBe(272);
    const freeBefore = await withVim(async vim => {
      await vim.call(memorySystem, 'ReconfigureServiceConsoleReservation', { cfgBytes: BigInt(400 * MB) });
      const info = await reservation(vim);
      expect(Number(info.serviceConsoleReserved)).toBe(272 * MB);
      expect(Number(info.serviceConsoleReservedCfg)).toBe(400 * MB);
      return Number(info.unreserved);
    });
    const conf = (await host.ssh('cat /etc/vmware/esx.conf')).stdout.toString();
    expect(conf).toContain('/boot/memSize = "400"\n');
    await host.esx(['down']);
    await host.up();
    expect((await host.status()).consoleMemory).toEqual({ ...before, sizeMb: 400 });
    const kernel = await host.kernel();
    const { shmDir } = await kernel.call('hostInfo', {});
    expect(attachStatistics(shmDir).host.hostControl.consoleMemoryMb()).toBe(400);
    await withVim(async vim => {
      const info = await until('figures of this boot', async () => {
        const found = await reservation(vim);
        return Number(found.serviceConsoleReserved) === 400 * MB && found;
      });
      expect(Number(info.serviceConsoleReservedCfg)).toBe(400 * MB);
      expect(Number(info.unreserved)).toBe(freeBefore - 128 * MB);
    });
  }, 120_000);
});

describe('the logs of the service console', () => {
  const log = (name: string): string => readFileSync(join(host.root, 'var/log', name), 'utf8');
  const line = (program: string, text: string): RegExp =>
    new RegExp(`^[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d esx01 ${program}: ${text}$`, 'm');

  it('hold what logger and syslog(3) say, by facility', async () => {
    await host.ssh('logger -t probe to messages; logger -p authpriv.info -t probe to secure');
    await until('the line', () => line('probe', 'to messages').test(log('messages')));
    await until('the line', () => line('probe', 'to secure').test(log('secure')));
    expect(log('messages')).not.toContain('to secure');
    await host.ssh('su nobody -s /bin/true');
    await until('the line of PAM', () =>
      line('su\\[\\d+\\]', 'pam_unix.*session opened for user nobody.*').test(log('secure')),
    );
  });

  it('tell logins in secure', async () => {
    await host.ssh('true');
    await until('the line', () =>
      line('sshd\\[\\d+\\]', 'Accepted password for root from 127.0.0.1 port \\d+ ssh2.*').test(
        log('secure'),
      ),
    );
  });

  it('go on after syslogd was killed', async () => {
    process.kill(await host.pid('syslogd'), 'SIGKILL');
    await host.settled();
    await host.ssh('logger -t probe after the kill');
    await until('the line', () => line('probe', 'after the kill').test(log('messages')));
    const logins = log('secure').split('Accepted password').length;
    await host.ssh('true');
    await until('a login', () => log('secure').split('Accepted password').length > logins);
  });

  it('hold the VMkernel’s warnings twice: in vmkernel and in vmkwarning', () => {
    const warnings = log('vmkernel')
      .split('\n')
      .filter(text => text.includes(')WARNING: '));
    expect(log('vmkwarning').split('\n').filter(Boolean)).toEqual(warnings);
    expect(log('vmkernel')).toMatch(
      /^\w{3} [ \d]\d [\d:]{8} esx01 vmkernel: \d:[\d:]{8}\.\d{3} cpu\d+:\d+\)\w+: /m,
    );
  });
});

describe('root of the service console', () => {
  it('reaches no user world: no signal, no trace, no memory, no socket, no descriptor', async () => {
    const kernel = await host.kernel();
    const { vm, serial } = await host.powerOn(kernel, await host.addGuest('asm-counter'));
    const { shmDir } = await kernel.call('hostInfo', {});
    const pids = { vmx: vm.pid, vmkernel: await host.pid('vmkernel'), init: await host.pid('init') };
    copyFileSync(
      join(TREE, 'test/host/reach-user-worlds.mjs'),
      join(host.root, 'console/root/reach-user-worlds.mjs'),
    );
    const runFolder = join(host.root, `run/vmx/${vm.worldId}`);
    const settings = JSON.stringify({ pids, sharedFolder: shmDir, runFolder });
    const { stdout, stderr } = await host.ssh(
      `/usr/lib/vmware/bin/node /root/reach-user-worlds.mjs '${settings}'`,
    );
    const results: Record<string, string> = JSON.parse(stdout.toString() || JSON.stringify({ stderr }));
    expect(Object.keys(results).length).toBeGreaterThan(150);
    expect(Object.entries(results).filter(([, outcome]) => !outcome.startsWith('refused'))).toEqual([]);
    for (let line = 0; line < 3; line++) await serial.waitFor(/\n/);
    expect((await host.world(kernel, vm.name))?.pid).toBe(vm.pid);
    await kernel.call('powerOff', { vmxPath: vm.vmxPath });
  });
});

describe('the tools that tell of the host', () => {
  it('esxcfg-info tells what the VMkernel tells', async () => {
    const info = await (await host.kernel()).call('hostInfo', {});
    const text = (await host.ssh('esxcfg-info -w')).stdout.toString();
    const values = new Map([...text.matchAll(/\|----(.*?)\.{3,}(.*)$/gm)].map(row => [row[1], row[2]]));
    expect(values.get('Physical Mem')).toBe(String(info.machineMemoryBytes));
    expect(values.get('Service Console Mem')).toBe(String((await host.status()).consoleMemory?.sizeMb));
    expect(text).not.toContain('System Info');
    expect((await host.ssh('esxcfg-info')).stdout.toString()).toContain(`Host Name`);
    const refused = await host.ssh('esxcfg-info -n');
    expect([refused.status, refused.stderr]).toEqual([1, 'esxcfg-info: There are no virtual networks yet\n']);
  });

  it('esxcfg-advcfg sets what acts at once and stays in esx.conf', async () => {
    const advcfg = async (args: string): Promise<unknown[]> => {
      const { status, stdout, stderr } = await host.ssh(`esxcfg-advcfg ${args}`);
      return [status, stdout.toString(), stderr];
    };
    const { shmDir } = await (await host.kernel()).call('hostInfo', {});
    const { cpuOption } = attachStatistics(shmDir).host;
    const esxConf = () => readFileSync(join(host.root, 'console/etc/vmware/esx.conf'), 'utf8');
    expect(await advcfg('-g /Cpu/Quantum')).toEqual([0, 'Value of Quantum is 20\n', '']);
    expect(await advcfg('-s 50 /Cpu/Quantum')).toEqual([0, 'Value of Quantum is 50\n', '']);
    expect(cpuOption.quantumUs()).toBe(50_000);
    expect(esxConf()).toMatch(/^\/adv\/Cpu\/Quantum = "50"$/m);
    const shown =
      'vim-cmd hostsvc/advopt/update Cpu.Quantum long 60 && vim-cmd hostsvc/advopt/view Cpu.Quantum';
    expect((await host.ssh(shown)).stdout.toString()).toMatch(/key = "Cpu\.Quantum",\s*value = 60/);
    expect(cpuOption.quantumUs()).toBe(60_000);
    const [status, , complaint] = await advcfg('-s 999 /Cpu/Quantum');
    expect([status, complaint]).toEqual([1, 'esxcfg-advcfg: /Cpu/Quantum is from 5 to 200; 999 is not\n']);
    expect(await advcfg('-d /Cpu/Quantum')).toEqual([0, 'Value of Quantum is 20\n', '']);
    expect(cpuOption.quantumUs()).toBe(20_000);
    const advopt = (await host.ssh('esxcfg-info -o')).stdout.toString();
    expect(advopt).toMatch(/\+\/Misc\/RunningVCpuLimit : \n.*\|----Current Value\.+128$/m);
  });

  it('esxcfg-resgrp keeps a tree of groups for root, and says why not', async () => {
    const resgrp = async (args: string, user = 'root'): Promise<[number | null, string]> => {
      const { status, stdout, stderr } = await host.ssh(`su ${user} -s /bin/bash -c 'esxcfg-resgrp ${args}'`);
      return [status, stdout.toString() + stderr];
    };
    const kernel = await host.kernel();
    const tree = async () => {
      const { pools } = await kernel.call('listPools', {});
      const nameOf = (id: number) => pools.find(pool => pool.poolId === id)?.name;
      return pools
        .slice(1)
        .map(({ name, parentId, cpu }) => [name, nameOf(parentId), cpu.reservation, cpu.level]);
    };
    const root = (await kernel.call('listPools', {})).pools[0]?.name;
    expect(await resgrp('-a /high cpu.min=200 cpu.shares=high')).toEqual([0, '']);
    expect(await resgrp('-a /high/web cpu.max=500')).toEqual([0, '']);
    expect(await tree()).toEqual([
      ['high', root, 200, 'high'],
      ['web', 'high', 0, 'normal'],
    ]);
    expect(await resgrp('-l')).toEqual([0, expect.stringMatching(/^\/ .*\n {2}high .*\n {4}web .*\n$/)]);
    expect(await resgrp('-c /high cpu.min=999999')).toEqual([
      1,
      expect.stringMatching(/The host has \d+ MHz/),
    ]);
    expect(await resgrp('-m /high /high/web')).toEqual([1, expect.stringContaining('into itself')]);
    expect(await resgrp('-d /high /high/web')).toEqual([1, expect.stringContaining('one word too many')]);
    expect(await resgrp('-d /high', 'nobody')).toEqual([
      1,
      'esxcfg-resgrp: Only root may talk to the VMkernel\n',
    ]);
    expect(await resgrp('-c /high cpu.min=100 cpu.expandable=no')).toEqual([0, '']);
    expect(await resgrp('-m /high/web /')).toEqual([0, '']);
    expect(await tree()).toEqual([
      ['high', root, 100, 'high'],
      ['web', root, 0, 'normal'],
    ]);
    expect([await resgrp('-d /high'), await resgrp('-d /web'), await tree()]).toEqual([[0, ''], [0, ''], []]);
  });

  it('vm-support -S packs performance snapshots that esxtop -R replays as they were', async () => {
    const kernel = await host.kernel();
    const vmxPath = await host.addGuest('asm-counter', 'watched');
    const { vm } = await host.powerOn(kernel, vmxPath);
    const { stdout, stderr } = await host.ssh(
      [
        'mkdir /tmp/perf && cd /tmp/perf && vm-support -S -d 6 -i 3 -w . >/dev/null && tar xzf esx-*.tgz && ls && ls snapshots >&2',
        'esxtop -R /tmp/perf -b -a | cmp - snapshots/esxtop.csv && cat snapshots/esxtop.csv',
        'truncate -s 100 snapshots/snapshot-000002.json; esxtop -R . -b >/dev/null; cd / && rm -r /tmp/perf',
      ].join('\n'),
      { timeoutMs: 60_000 },
    );
    const [bundle, folder, ...lines] = stdout.toString().trim().split('\n');
    expect([bundle, folder]).toEqual([expect.stringMatching(/^esx-.*\.tgz$/), 'snapshots']);
    expect(stderr).toMatch(
      /^esxtop\.csv\nformat\.json\n(snapshot-00000[123]\.json\n){3}esxtop: snapshot-000002\.json is damaged/,
    );
    const [header = [], ...rows] = lines.map(line => line.slice(1, -1).split('","'));
    expect(rows).toHaveLength(2);
    const column = header.findIndex(name => name.endsWith(`:${vm.worldId + 1}:vmm0:watched)\\% Used`));
    for (const row of rows) expect(Number(row[column])).toBeGreaterThan(0);
    await kernel.call('powerOff', { vmxPath });
  });

  it('vm-support bundles logs, configuration, VMs and answers of tools, and no secret', async () => {
    const kernel = await host.kernel();
    const vmxPath = await host.addGuest('asm-counter', 'bundled');
    const { vm } = await host.powerOn(kernel, vmxPath);
    const worlds = (await host.ssh('vm-support -x')).stdout.toString();
    expect(worlds).toMatch(new RegExp(`^vmid=${vm.worldId}\\s+bundled$`, 'm'));
    const made = await host.ssh(
      'vm-support -n -w /tmp && cd /tmp && stat -c "mode %a" esx-*.tgz && tar tzf esx-*.tgz && rm esx-*.tgz && ls -A',
    );
    const lines = made.stdout.toString().split('\n');
    expect(made.stdout.toString()).toMatch(/^File: \/tmp\/esx-\d{4}-\d\d-\d\d--\d\d\.\d\d\.\d+\.tgz$/m);
    expect(lines).toContain('mode 600');
    const answer = /^commands\/esxtop.*\.txt$/;
    for (const name of [
      'etc/vmware/esx.conf',
      'var/log/vmkernel',
      'var/log/messages',
      'var/log/vmware/hostd.log',
    ])
      expect(lines).toContain(name);
    expect(lines.some(line => line.endsWith('/bundled/asm-counter.vmx'))).toBe(true);
    expect(lines.some(line => answer.test(line))).toBe(true);
    expect(lines.filter(line => /\.key|shadow|ssh_host|-flat\.vmdk|vm-support-/.test(line))).toEqual([]);
    await kernel.call('powerOff', { vmxPath });
  });
});

describe.skipIf(!existsSync('/dev/fuse'))('/proc of the service console', () => {
  const cat = async (path: string): Promise<string> => (await host.ssh(`cat ${path}`)).stdout.toString();

  it('shows a VM with the figures of shared memory while it runs', async () => {
    const kernel = await host.kernel();
    const vmxPath = await host.addGuest('asm-counter', 'shown');
    const { vm } = await host.powerOn(kernel, vmxPath);
    const { shmDir, version } = await kernel.call('hostInfo', {});
    const { host: tables, sched } = attachStatistics(shmDir);
    const rows = Array.from({ length: tables.hostControl.worldCount() }, (_, row) => row);
    const row = rows.find(one => tables.world.worldId(one) === vm.worldId + 1) ?? -1;
    const figures = emptySchedWorldFigures();
    const usedSeconds = async (): Promise<number> => {
      // A row that was another world's shows that one's figures until the scheduler has seen the new one.
      const isThis = (): boolean => figures.generation === tables.world.generation(row);
      await until('a quiet row', () => sched.schedWorld.read(row, figures) && isThis());
      return figures.usedUs / 1e6;
    };
    const before = await usedSeconds();
    const status = await cat(`/proc/vmware/vm/${vm.worldId}/cpu/status`);
    const after = await usedSeconds();
    const [titles = [], ...worlds] = status
      .trim()
      .split('\n')
      .map(line => line.trim().split(/\s+/));
    const vmm = worlds.find(cells => cells[titles.indexOf('name')] === 'vmm0:shown') ?? [];
    const used = Number(vmm[titles.indexOf('usedsec')]);
    expect(used).toBeGreaterThanOrEqual(before - 0.001);
    expect(used).toBeLessThanOrEqual(after + 0.001);
    expect(await cat('/proc/vmware/version')).toBe(`${version}\n`);
    expect(await cat('/proc/vmware/vm/*/names')).toContain('displayName="shown"');
    await kernel.call('powerOff', { vmxPath });
    await until('its folder to go', async () => !(await cat('/proc/vmware/vm/*/names')).includes('"shown"'));
  });

  it('changes a VM’s shares, reservation and limit by what root writes, or says why not', async () => {
    const kernel = await host.kernel();
    const vmxPath = await host.addGuest('asm-counter', 'written');
    const { vm } = await host.powerOn(kernel, vmxPath);
    const { shmDir, pcpuMhz } = await kernel.call('hostInfo', {});
    const { group, vm: vms } = attachStatistics(shmDir).host;
    const row = vms.groupRow(
      Array.from({ length: 192 }, (_, i) => i).find(i => vms.worldId(i) === vm.worldId) ?? -1,
    );
    const write = async (value: string, file: string, user = 'root'): Promise<string> => {
      const command = `echo ${value} >/proc/vmware/vm/${vm.worldId}/cpu/${file}`;
      return (await host.ssh(`su ${user} -s /bin/bash -c '${command}' 2>&1`)).stdout.toString();
    };
    expect(await write('high', 'shares')).toBe('');
    expect(group.cpuShares(row)).toBe(2000);
    expect(await write('250', 'max')).toBe('');
    expect(group.cpuMax(row)).toBeCloseTo(250 / pcpuMhz, 6);
    expect(await write('100', 'min')).toBe('');
    expect(await cat(`/proc/vmware/vm/${vm.worldId}/cpu/{shares,max,min,units}`)).toBe(
      '2000\n250\n100\nmhz\n',
    );
    expect((await host.ssh(`cat '${vmxPath}'`)).stdout.toString()).toMatch(
      /sched\.cpu\.shares = "high"(.|\n)*sched\.cpu\.max = "250"/,
    );
    expect(await write('99999999', 'min')).toMatch(/Invalid argument/);
    expect(await write('many', 'shares')).toMatch(/Invalid argument/);
    expect(await write('1', 'shares', 'nobody')).toMatch(/Permission denied/);
    expect(await write('1', 'status')).toMatch(/Permission denied/);
    expect(await cat(`/proc/vmware/vm/${vm.worldId}/cpu/{shares,max,min}`)).toBe('2000\n250\n100\n');
    await kernel.call('powerOff', { vmxPath });
  });

  it('sets an advanced option by what root writes, or refuses it', async () => {
    const { shmDir } = await (await host.kernel()).call('hostInfo', {});
    const { cpuOption } = attachStatistics(shmDir).host;
    const file = '/proc/vmware/config/Cpu/Quantum';
    const write = async (value: string, user = 'root'): Promise<string> =>
      (await host.ssh(`su ${user} -s /bin/bash -c 'echo ${value} >${file}' 2>&1`)).stdout.toString();
    expect(await write('30')).toBe('');
    expect(cpuOption.quantumUs()).toBe(30_000);
    expect(await cat(file)).toBe('Quantum (quantum in milliseconds) [5-200: default = 20]: 30\n');
    const refused = await host.ssh(
      `for v in 4 201 many 20.5 "30 40" ""; do echo "$v" >${file} || echo no; done`,
    );
    expect([refused.stdout.toString(), refused.stderr]).toEqual([
      'no\n'.repeat(6),
      expect.stringMatching(/^(.*Invalid argument\n){6}$/),
    ]);
    expect(await write('40', 'nobody')).toMatch(/Permission denied/);
    expect(cpuOption.quantumUs()).toBe(30_000);
    expect(await write('20')).toBe('');
  });

  it('is readable to every user, and Linux’s own besides', async () => {
    const { stdout } = await host.ssh(
      'su nobody -s /bin/cat /proc/vmware/sched/ncpus; echo 1 >/proc/vmware/mem; cat /proc/self/comm; ps -p 1 -o comm=',
    );
    expect(stdout.toString()).toMatch(/^\d+ pcpus\n(\d+ \w+\n)+cat\ncat\n$/);
  });

  it('comes back when its server is killed, and hangs nobody', async () => {
    process.kill(await host.pid('procfs'), 'SIGKILL');
    await host.ssh('for i in $(seq 100); do cat /proc/vmware/uptime /proc/uptime; done', {
      timeoutMs: 20_000,
    });
    await host.settled();
    expect(await cat('/proc/vmware/uptime')).not.toBe('');
    const mounts = (await cat('/.proc/1/mounts')).split('\n');
    expect(mounts.filter(line => / \/proc fuse /.test(line)).length).toBe(1);
  });
});
