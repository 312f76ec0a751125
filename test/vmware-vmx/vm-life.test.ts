import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COM1, MiniBios } from '../../daemons/vmware-vmx/engine/mini-bios.js';
import { isAlive, until } from '../harness/index.js';
import { BareHost, DATA, ide, STATUS } from './bare-host.js';

const LINE_STATUS = 0x3fd;
// l: wait for a byte; read it; send it back; again
const ECHO = [0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xfb, 0xba, 0xf8, 0x03, 0xec, 0xee, 0xeb, 0xf1];
const PAGING_WITHOUT_TABLES = [0x0f, 0x20, 0xc0, 0x66, 0x0d, 1, 0, 0, 0x80, 0x0f, 0x22, 0xc0];
const SOFT_OFF = [0xba, 0x04, 0xb0, 0xb8, 0x00, 0x20, 0xef];

const echo = () =>
  new MiniBios()
    .say('up>')
    .raw(...ECHO)
    .image();
/** Waits for a byte on COM1, then does what follows. */
const onKey = () => new MiniBios().say('up>').waitSet(LINE_STATUS, 1).tell(COM1);

let host: BareHost;
beforeEach(async () => {
  host = await BareHost.start();
}, 60_000);
afterEach(() => host.stop(), 60_000);

const logOf = (name: string) => readFileSync(join(host.folder(name), 'vmware.log'), 'utf8');

describe('a VM', () => {
  it('boots, talks on its serial console, and shows a newcomer what was said before', async () => {
    host.define('echo', echo());
    const vm = await host.powerOn('echo');
    const first = await host.serial(vm);
    await first.waitFor(/up>/);
    const text = 'All of this goes through a FIFO of sixteen bytes.';
    first.send(text);
    await first.waitFor(new RegExp(text));
    const second = await host.serial(vm);
    await second.waitFor(new RegExp(`up>${text}`));
    second.send('!');
    await first.waitFor(/!/);
    await host.kernel.call('powerOff', { vmxPath: host.path('echo') });
    expect(isAlive(vm.pid)).toBe(false);
    expect(logOf('echo')).toMatch(/^\w{3} \d\d \d\d:\d\d:\d\d\.\d{3}: vmx\| VMX_PowerOn: powered on$/m);
  });

  it('starts again on a reset', async () => {
    host.define('echo', echo());
    const port = await host.serial(await host.powerOn('echo'));
    await port.waitFor(/up>/);
    await host.kernel.call('reset', { vmxPath: host.path('echo') });
    await port.waitFor(/up>/);
  });

  it('has written to its disk what it was told is written', async () => {
    const code = ide(onKey(), 5, 0x30).waitSet(STATUS, 8).outWords(DATA, 256, 0x4241).waitClear(STATUS, 0x80);
    host.define(
      'writer',
      code
        .say('done')
        .raw(...ECHO)
        .image(),
    );
    const vm = await host.powerOn('writer');
    const port = await host.serial(vm);
    await port.waitFor(/up>/);
    port.send('g');
    await port.waitFor(/done/);
    process.kill(vm.pid, 'SIGKILL');
    await host.ended('writer');
    const disk = readFileSync(join(host.folder('writer'), 'writer-flat.vmdk'));
    expect(disk.subarray(5 * 512, 6 * 512).equals(Buffer.alloc(512, 'AB'))).toBe(true);
  });

  it('that switches itself off is over, and its process with it', async () => {
    host.define(
      'off',
      onKey()
        .raw(...SOFT_OFF)
        .spin(),
    );
    const vm = await host.powerOn('off');
    const port = await host.serial(vm);
    await port.waitFor(/up>/);
    port.send('g');
    await host.ended('off');
    await until('the vmx to end', () => !isAlive(vm.pid));
    expect(logOf('off')).toContain('the guest powered itself off');
    expect(logOf('off')).toMatch(/vmm0\| Monitor: guest 0\.00 s outside ring 0, \d\.\d\d s in it, /);
  });

  it('whose engine traps ends alone, with the reason in its log and in the change feed', async () => {
    host.define('echo', echo());
    host.define(
      'trap',
      onKey()
        .raw(...PAGING_WITHOUT_TABLES)
        .spin(),
    );
    const other = await host.serial(await host.powerOn('echo'));
    const vm = await host.powerOn('trap');
    const port = await host.serial(vm);
    await port.waitFor(/up>/);
    port.send('g');
    expect((await host.ended('trap')).reason).toBeTruthy();
    expect(logOf('trap')).toMatch(/vmm0\| engine trap after \d+ instructions/);
    other.send('still here');
    await other.waitFor(/still here/);
  });

  it('appends its serial port to a file of the datastore', async () => {
    const extra = ['serial0.fileType = "file"', 'serial0.fileName = "com1.txt"'];
    host.define('filed', new MiniBios().say('to the file').spin(), extra);
    await host.powerOn('filed');
    const path = join(host.folder('filed'), 'com1.txt');
    await until('the file', () => readdirSync(host.folder('filed')).includes('com1.txt'));
    await until('its text', () => readFileSync(path, 'utf8') === 'to the file');
  });

  it('joins two guests by a named pipe, which is no path of the machine', async () => {
    const pipe = ['serial0.fileType = "pipe"', 'serial0.fileName = "../../../../tmp/joined"'];
    const console1 = ['serial1.present = "TRUE"', 'serial1.fileType = "console"'];
    // Talks on COM2 (2F8h) what it hears on COM1.
    const relay = [
      0xba, 0xfd, 3, 0xec, 0xa8, 1, 0x74, 0xfb, 0xba, 0xf8, 3, 0xec, 0xba, 0xf8, 2, 0xee, 0xeb, 0xee,
    ];
    host.define('talker', new MiniBios().waitSet(0x2fd, 1).say('hello').spin(), [...pipe, ...console1]);
    host.define('hearer', new MiniBios().raw(...relay).image(), [
      ...pipe,
      'serial0.pipe.endPoint = "client"',
      ...console1,
    ]);
    const second = (worldId: number) => join(host.root, 'run/vmx', String(worldId), 'serial1.sock');
    const { SerialPort } = await import('../harness/index.js');
    const talker = await host.powerOn('talker');
    const hearer = await host.powerOn('hearer');
    const start = await SerialPort.open(second(talker.worldId));
    const end = await SerialPort.open(second(hearer.worldId));
    await until('the pipe', () => readdirSync(join(host.root, 'run/vmx/pipes')).length === 1);
    start.send('g');
    await end.waitFor(/hello/);
  });

  it('keeps the logs of earlier runs under numbers', async () => {
    host.define('echo', echo());
    for (let run = 0; run < 2; run++) {
      await host.powerOn('echo');
      await host.kernel.call('powerOff', { vmxPath: host.path('echo') });
    }
    expect(
      readdirSync(host.folder('echo'))
        .filter(n => n.endsWith('.log'))
        .sort(),
    ).toEqual(['vmware-0.log', 'vmware.log']);
  });

  it('goes down with the VMkernel', async () => {
    host.define('echo', echo());
    const vm = await host.powerOn('echo');
    process.kill(host.kernelPid, 'SIGKILL');
    await until('the vmx to end', () => !isAlive(vm.pid), 5_000);
  });

  it('ends on SIGTERM to its process, and says so', async () => {
    host.define('echo', echo());
    const vm = await host.powerOn('echo');
    process.kill(vm.pid, 'SIGTERM');
    await host.ended('echo');
    expect(logOf('echo')).toContain('SIGTERM');
  });
});
