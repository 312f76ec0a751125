import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MiniBios } from '../../daemons/vmware-vmx/engine/mini-bios.js';
import { until } from '../harness/index.js';
import { BareHost } from './bare-host.js';

const BLOCK_BYTES = 2048;
const [DATA, ERROR, COUNT_LOW, COUNT_HIGH, DEVICE, STATUS] = [0x170, 0x171, 0x174, 0x175, 0x176, 0x177];
const BUSY = 0x80;
const DATA_REQUEST = 0x08;
const CD = [
  'serial0.fileType = "console"',
  'ide1:0.present = "TRUE"',
  'ide1:0.deviceType = "cdrom-image"',
  'ide1:0.fileName = "install.iso"',
];
const NAME = 'reader';

let host: BareHost;
beforeAll(async () => {
  host = await BareHost.start();
}, 60_000);
afterAll(() => host.stop(), 60_000);
afterEach(() => host.clear());

/** READ(10) of one block by a packet with PIO; the guest waits until the drive is done. */
function read(code: MiniBios, block: number): MiniBios {
  code
    .out(DEVICE, 0xa0)
    .out(ERROR, 0)
    .out(COUNT_LOW, 0)
    .out(COUNT_HIGH, BLOCK_BYTES >> 8);
  code.out(STATUS, 0xa0).waitSet(STATUS, DATA_REQUEST);
  const words = [
    0x0028,
    (block >> 24) & 0xff,
    (((block & 0xff) << 8) | ((block >> 8) & 0xff)) & 0xffff,
    0,
    1,
    0,
  ];
  for (const word of words) code.outWords(DATA, 1, word);
  return code.waitClear(STATUS, BUSY);
}
/** Blocks 0, 1, 2 … of the letters A, B, C … */
function image(blocks: number): Buffer {
  return Buffer.concat(Array.from({ length: blocks }, (_, i) => Buffer.alloc(BLOCK_BYTES, 65 + i)));
}
const putImage = (bytes: Buffer) => writeFileSync(join(host.folder(NAME), 'install.iso'), bytes);
const isoPath = () => `/vmfs/volumes/storage1/${NAME}/install.iso`;
const info = async () => (await host.kernel.call('listVms', {})).vms[0];

describe('the CD drive of a VM', () => {
  it('gives the guest the blocks of its image', async () => {
    host.define(NAME, read(new MiniBios(), 2).tellWords(DATA, 8).say('<end').spin(), CD);
    putImage(image(4));
    const port = await host.serial(await host.powerOn(NAME));
    await port.waitFor(/CCCCCCCC<end/);
    expect((await info())?.connections).toEqual({ serial0: true, 'ide1:0': true });
  });

  it('fails what is beyond the end of the image, and what is for disks, and the VM goes on', async () => {
    const code = read(new MiniBios(), 4).tell(ERROR).say('|');
    // READ DMA EXT.
    code.out(STATUS, 0x25).waitClear(STATUS, BUSY).tell(ERROR).say('|');
    host.define(NAME, read(code, 3).tellWords(DATA, 4).say('<end').spin(), CD);
    putImage(image(4));
    const port = await host.serial(await host.powerOn(NAME));
    // Sense key 5, ILLEGAL REQUEST, in the upper half; then ABRT.
    await port.waitFor(/P\|.\|DDDD<end/s);
  });

  it('keeps its image from being changed or removed while it lies in the drive, and shares it with others', async () => {
    host.define(NAME, new MiniBios().say('up>').spin(), CD);
    host.define('other', new MiniBios().say('up>').spin(), [
      ...CD.slice(0, 3),
      `ide1:0.fileName = "${isoPath()}"`,
    ]);
    putImage(image(4));
    await host.powerOn(NAME);
    await host.powerOn('other');
    const locked = { code: 'FileLocked' };
    await expect(host.kernel.files.remove(isoPath())).rejects.toMatchObject(locked);
    await expect(host.kernel.files.write(isoPath(), Buffer.alloc(9))).rejects.toMatchObject(locked);
    for (const name of [NAME, 'other']) await host.kernel.call('powerOff', { vmxPath: host.path(name) });
    await host.kernel.files.remove(isoPath());
    expect(existsSync(join(host.folder(NAME), 'install.iso'))).toBe(false);
  });

  it('asks when its image is not there, and starts empty when told so', async () => {
    host.define(NAME, read(new MiniBios().say('up>'), 0).tell(ERROR).say('<end').spin(), CD);
    const powerOn = host.powerOn(NAME);
    const question = await until('the question', async () => (await info())?.question);
    expect(question).toMatchObject({ messageId: 'msg.device.startdisconnect' });
    expect(question.text).toContain('install.iso');
    await host.kernel.call('answer', {
      vmxPath: host.path(NAME),
      questionId: question.id,
      choice: 'continue',
    });
    const port = await host.serial(await powerOn);
    // Sense key 2, NOT READY.
    await port.waitFor(/up> <end/);
    expect((await info())?.connections).toMatchObject({ 'ide1:0': false });
  });

  it('is empty when it does not start connected, and asks nothing', async () => {
    host.define(NAME, new MiniBios().say('up>').spin(), [...CD, 'ide1:0.startConnected = "FALSE"']);
    const vm = await host.powerOn(NAME);
    expect(vm.state).toBe('poweredOn');
    expect((await info())?.connections).toMatchObject({ 'ide1:0': false });
  });

  it('has its image taken out and put in again while the VM runs', async () => {
    // At each key: the error register after a read, which begins with a sense key; 0 means read.
    const body = read(new MiniBios().waitSet(0x3fd, 1).tell(0x3f8), 0).tell(ERROR).image().subarray(0, 512);
    const length = body.findLastIndex(byte => byte !== 0) + 1;
    const back = 0x10000 - (length + 3);
    const jump = [0xe9, back & 0xff, back >> 8];
    const code = new MiniBios().say('up>').raw(...body.subarray(0, length), ...jump);
    host.define(NAME, code.image(), CD);
    putImage(image(4));
    const port = await host.serial(await host.powerOn(NAME));
    await port.waitFor(/up>/);
    const connect = (connected: boolean) =>
      host.kernel.call('reconfigure', {
        vmxPath: host.path(NAME),
        changes: { settings: {}, connections: { 'ide1:0': connected } },
      });
    port.send('a');
    await port.waitFor(/a\0/);
    await connect(false);
    expect((await info())?.connections).toMatchObject({ 'ide1:0': false });
    port.send('b');
    await port.waitFor(/b /); // Sense key 2, NOT READY.
    await connect(true);
    expect((await info())?.connections).toMatchObject({ 'ide1:0': true });
    port.send('c');
    await port.waitFor(/c /);
    port.send('d');
    await port.waitFor(/d`/); // Sense key 6, UNIT ATTENTION: the medium has changed.
    port.send('e');
    await port.waitFor(/e\0/);
  });

  it('is not given a folder or a path outside its datastore', async () => {
    host.define(NAME, new MiniBios().spin(), [
      ...CD.slice(0, 3),
      'ide1:0.fileName = "../../../../../etc/passwd"',
    ]);
    await expect(host.powerOn(NAME)).rejects.toMatchObject({
      code: expect.stringMatching(/Invalid|Permission|DiskMissing/),
    });
    host.define('folder', new MiniBios().spin(), [
      ...CD.slice(0, 3),
      'ide1:0.fileName = "/vmfs/volumes/storage1"',
    ]);
    await expect(host.powerOn('folder')).rejects.toMatchObject({
      code: expect.stringMatching(/Invalid|Permission|DiskMissing/),
    });
    expect((await host.kernel.call('listVms', {})).vms).toEqual([]);
  });
});
