import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { COM1, MiniBios } from '../../daemons/vmware-vmx/engine/mini-bios.js';
import type { VmQuestion } from '../../kernel/abi/index.js';
import { attachVmm, VmkernelClient } from '../../kernel/client/index.js';
import { isAlive, until } from '../harness/index.js';
import { BareHost, DATA, ide, STATUS } from './bare-host.js';

const LINE_STATUS = 0x3fd;

let host: BareHost;
beforeAll(async () => {
  host = await BareHost.start();
}, 60_000);
afterAll(() => host.stop(), 60_000);
afterEach(() => host.clear());

const guest = () => new MiniBios().say('up>').spin();
const text = (name: string) => readFileSync(join(host.folder(name), `${name}.vmx`), 'utf8');
const setting = (name: string, key: string) => new RegExp(`^${key} = "(.*)"$`, 'm').exec(text(name))?.[1];
const info = async (name: string) =>
  (await host.kernel.call('listVms', {})).vms.find(vm => vm.vmxPath.endsWith(`/${name}.vmx`));
const asked = (name: string): Promise<VmQuestion> =>
  until(`a question of ${name}`, async () => (await info(name))?.question);
const answer = (name: string, { id }: VmQuestion, choice: string) =>
  host.kernel.call('answer', { vmxPath: host.path(name), questionId: id, choice });
const powerOff = (name: string) => host.kernel.call('powerOff', { vmxPath: host.path(name) });

/** A VM that ran, and a copy of its folder under another name. */
async function copyOfOne(extra: readonly string[] = []): Promise<void> {
  host.define('first', guest(), ['serial0.fileType = "console"', ...extra]);
  await host.powerOn('first');
  await powerOff('first');
  mkdirSync(host.folder('second'));
  for (const file of ['first.vmdk', 'first-flat.vmdk'])
    copyFileSync(join(host.folder('first'), file), join(host.folder('second'), file));
  copyFileSync(join(host.folder('first'), 'first.vmx'), join(host.folder('second'), 'second.vmx'));
}

describe('a VM whose files are elsewhere than at its last power-on', () => {
  it('asks, goes on when told that it was copied, with an identity of its own, and asks no more', async () => {
    await copyOfOne();
    const old = setting('second', 'uuid.bios');
    expect(old).toMatch(/^56 4d /);
    const powerOn = host.powerOn('second');
    const question = await asked('second');
    expect(question).toMatchObject({ messageId: 'msg.uuid.moved', defaultIndex: 2 });
    expect(question.choices.map(({ key }) => key)).toEqual(['cancel', 'moved', 'copied']);
    expect((await info('second'))?.state).toBe('poweringOn');
    await answer('second', question, 'copied');
    expect((await powerOn).state).toBe('poweredOn');
    expect((await info('second'))?.question).toBeUndefined();
    expect(setting('second', 'uuid.bios')).not.toBe(old);
    expect(setting('second', 'uuid.location')).not.toBe(setting('first', 'uuid.location'));
    expect(setting('first', 'uuid.bios')).toBe(old);
    await powerOff('second');
    await host.powerOn('second');
  });

  it('keeps its identity when it was moved, and notes the new place', async () => {
    await copyOfOne();
    const [bios, location] = [setting('second', 'uuid.bios'), setting('second', 'uuid.location')];
    const powerOn = host.powerOn('second');
    await answer('second', await asked('second'), 'moved');
    await powerOn;
    expect(setting('second', 'uuid.bios')).toBe(bios);
    expect(setting('second', 'uuid.location')).not.toBe(location);
  });

  it.each([
    ['uuid.action = "keep"', true],
    ['uuid.action = "create"', false],
    ['msg.autoAnswer = "TRUE"', false],
    ['answer.msg.uuid.moved = "I moved it"', true],
  ])('asks nobody where the .vmx answers: %s', async (line, keeps) => {
    await copyOfOne([line]);
    const old = setting('second', 'uuid.bios');
    await host.powerOn('second');
    expect(setting('second', 'uuid.bios') === old).toBe(keeps);
    expect(host.changes.some(change => change.event === 'question')).toBe(false);
  });

  it('is not powered on when the answer is Cancel, and nothing of it is left', async () => {
    await copyOfOne();
    const powerOn = host.powerOn('second').catch((error: unknown) => error);
    const question = await asked('second');
    const pid = (await info('second'))?.pid ?? 0;
    await answer('second', question, 'cancel');
    expect(await powerOn).toMatchObject({ code: 'Cancelled' });
    await until('it to be gone', async () => (await info('second')) === undefined);
    expect(isAlive(pid)).toBe(false);
  });

  it('takes no answer to another question, no strange choice and no second answer', async () => {
    await copyOfOne();
    const powerOn = host.powerOn('second');
    const question = await asked('second');
    const wrong = { ...question, id: 'another' };
    await expect(answer('second', wrong, 'moved')).rejects.toMatchObject({ code: 'InvalidState' });
    await expect(answer('second', question, 'maybe')).rejects.toMatchObject({ code: 'InvalidArgument' });
    await answer('second', question, 'moved');
    await expect(answer('second', question, 'moved')).rejects.toMatchObject({ code: 'InvalidState' });
    await powerOn;
  });

  it('has its question withdrawn by a power-off, which gives the power-on up', async () => {
    await copyOfOne();
    const powerOn = host.powerOn('second').catch((error: unknown) => error);
    await asked('second');
    await powerOff('second');
    expect(await powerOn).toMatchObject({ code: 'Cancelled' });
    expect(await info('second')).toBeUndefined();
  });

  it('has its question withdrawn by the death of its vmx', async () => {
    await copyOfOne();
    const powerOn = host.powerOn('second').catch((error: unknown) => error);
    const question = await asked('second');
    process.kill((await info('second'))?.pid ?? 0, 'SIGKILL');
    expect(await powerOn).toMatchObject({ code: 'VmxDied' });
    await host.ended('second');
    expect(await info('second')).toBeUndefined();
    await expect(answer('second', question, 'moved')).rejects.toMatchObject({ code: 'InvalidState' });
  });

  it('goes on asking when who powered it on is gone, and anybody may answer', async () => {
    await copyOfOne();
    const other = await VmkernelClient.connect(join(host.root, 'run/vmkernel/control.sock'));
    const lost = other.call('powerOn', { vmxPath: host.path('second') }).catch((error: unknown) => error);
    const question = await asked('second');
    other.close();
    expect(await lost).toMatchObject({ code: 'ConnectionLost' });
    expect(await asked('second')).toEqual(question);
    await answer('second', question, 'moved');
    await until('the VM to run', async () => (await info('second'))?.state === 'poweredOn');
  });
});

describe('a VM whose serial port writes to a file that holds something', () => {
  const filed = ['serial0.fileType = "file"', 'serial0.fileName = "com1.txt"'];
  const file = () => join(host.folder('filed'), 'com1.txt');

  it.each([
    ['append', 'beforeup>'],
    ['replace', 'up>'],
  ])('asks, and does it: %s', async (choice, content) => {
    host.define('filed', guest(), filed);
    writeFileSync(file(), 'before');
    const powerOn = host.powerOn('filed');
    const question = await asked('filed');
    expect(question.text).toContain('com1.txt');
    await answer('filed', question, choice);
    await powerOn;
    await until('the text', () => readFileSync(file(), 'utf8') === content);
  });
});

describe('a VM whose serial port writes to what is no file', () => {
  it.each(['../../../passwd', 'link', '/etc/passwd', 'missing/com1.txt'])(
    'is not powered on, and told why: %s',
    async name => {
      host.define('filed', guest(), ['serial0.fileType = "file"', `serial0.fileName = "${name}"`]);
      symlinkSync('/etc/passwd', join(host.folder('filed'), 'link'));
      await expect(host.powerOn('filed')).rejects.toMatchObject({
        code: 'VmxDied',
        message: expect.stringContaining('Serial port 1 cannot be connected: '),
      });
      expect(host.changes.some(change => change.event === 'question')).toBe(false);
    },
  );
});

describe('a VM whose disk finds no space', () => {
  const SECTOR = 40;
  const folder = () => host.folder('full');
  const filler = () => join(folder(), 'filler');

  beforeEach(() => {
    // Writes sector 40 at a key, then says what the disk said.
    const write = ide(new MiniBios().say('up>').waitSet(LINE_STATUS, 1).tell(COM1), SECTOR, 0x30);
    const code = write.waitSet(STATUS, 8).outWords(DATA, 256, 0x4241).waitClear(STATUS, 0x80).tell(STATUS);
    host.define('full', code.say('done>').spin());
    const files = join(host.root, 'kept');
    execFileSync('mv', [folder(), files]);
    mkdirSync(folder());
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder()]);
    execFileSync('sh', ['-c', `cp ${files}/* ${folder()}/`]);
    // Only the boot sector's page has a place of its own.
    truncateSync(join(folder(), 'full-flat.vmdk'), 4096);
    truncateSync(join(folder(), 'full-flat.vmdk'), 64 * 512);
  });
  afterEach(async () => {
    await powerOff('full').catch(() => undefined);
    execFileSync('umount', ['--lazy', folder()]);
    rmSync(join(host.root, 'kept'), { recursive: true });
  });

  function fill(): void {
    for (let size = 0; ; size += 4096) {
      try {
        writeFileSync(filler(), Buffer.alloc(4096, 1), { flag: 'a' });
      } catch {
        return;
      }
      if (size > 1 << 20) throw new Error('the folder does not fill up');
    }
  }
  async function untilAsked() {
    const vm = await host.powerOn('full');
    const port = await host.serial(vm);
    await port.waitFor(/up>/);
    fill();
    port.send('g');
    return { vm, port, question: await asked('full') };
  }

  it('is paused and asks; after Retry the guest goes on as if nothing had been', async () => {
    const { port, question } = await untilAsked();
    expect(question).toMatchObject({ messageId: 'msg.hbacommon.outofspace' });
    expect(question.text).toContain('full.vmdk');
    expect((await info('full'))?.state).toBe('poweredOn');
    await answer('full', question, 'retry');
    const again = await until('it to ask again', async () => {
      const next = (await info('full'))?.question;
      return next !== undefined && next.id !== question.id && next;
    });
    rmSync(filler());
    await answer('full', again, 'retry');
    await port.waitFor(/Pdone>/);
    const disk = readFileSync(join(folder(), 'full-flat.vmdk'));
    expect(disk.subarray(SECTOR * 512, SECTOR * 512 + 4).toString()).toBe('ABAB');
  });

  it('does not run while it asks, but answers, and is powered off by Abort', async () => {
    const { vm, question } = await untilAsked();
    const { shmDir } = await host.kernel.call('hostInfo', {});
    // The VMM's world follows its VM's.
    const { vmmReport } = attachVmm(shmDir, vm.worldId + 1);
    const before = vmmReport.instructions();
    expect(before).toBeGreaterThan(0);
    for (let look = 0; look < 5; look++)
      expect((await host.kernel.call('readScreen', { vmxPath: host.path('full') })).columns).toBe(80);
    expect(vmmReport.instructions()).toBe(before);
    await answer('full', question, 'abort');
    expect((await host.ended('full')).reason).toContain('no space');
    expect(isAlive(vm.pid)).toBe(false);
  });

  it('withdraws the question when it is powered off', async () => {
    const { vm } = await untilAsked();
    await powerOff('full');
    expect(isAlive(vm.pid)).toBe(false);
    expect(await info('full')).toBeUndefined();
  });
});
