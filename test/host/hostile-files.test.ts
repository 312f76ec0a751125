import { readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VmkernelClient } from '../../kernel/client/index.js';
import { TestHost, until } from '../harness/index.js';

let host: TestHost;
let kernel: VmkernelClient;
let counter = 0;

beforeAll(async () => {
  host = await TestHost.up();
  kernel = await host.kernel();
}, 300_000);
afterAll(() => host.stop());

interface Prepared {
  readonly vmxPath: string;
  readonly folder: string;
  readonly vmx: string;
  readonly descriptor: string;
  readonly flat: string;
}

/** A copy of the default guest, to be spoilt. */
async function prepare(): Promise<Prepared> {
  const name = `spoilt${++counter}`;
  const vmxPath = await host.addGuest('linux', name);
  const folder = join(host.root, 'datastores/storage1', name);
  return {
    vmxPath,
    folder,
    vmx: join(folder, 'linux.vmx'),
    descriptor: join(folder, 'linux.vmdk'),
    flat: join(folder, 'linux-flat.vmdk'),
  };
}

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'latin1')), 'latin1');
}

/** Every refusal leaves no VM, and the host as it was. */
async function refusal(vmxPath: string): Promise<unknown> {
  const error = await kernel.call('powerOn', { vmxPath }).then(
    () => new Error('the power-on succeeded'),
    (thrown: unknown) => thrown,
  );
  expect((await kernel.call('listVms', {})).vms).toEqual([]);
  return error;
}

describe('a .vmx', () => {
  it.each([
    ['with two virtual CPUs', 'numvcpus = "2"', 'NumVirtualCpusNotSupported'],
    ['with a 64-bit guest', 'guestOS = "otherLinux-64"', 'GuestOs64NotSupported'],
    ['with 4096 MB', 'memsize = "4096"', 'MemorySizeNotSupported'],
    ['with no memory size that is a number', 'memsize = "much"', 'InvalidVmx'],
    ['with negative memory', 'memsize = "-64"', 'InvalidVmx'],
    [
      'with a SCSI disk, not built yet',
      'scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.fileName = "linux.vmdk"',
      'DeviceUnsupported',
    ],
    ['with a disk that is not there', 'ide0:0.fileName = "other.vmdk"', 'DiskMissing'],
    ['with a disk outside every datastore', 'ide0:0.fileName = "/etc/passwd"', 'InvalidArgument'],
    [
      'with a disk above its datastore',
      'ide0:0.fileName = "../../../../../../../etc/passwd"',
      'PermissionDenied',
    ],
  ])('%s is refused by name', async (_, line, code) => {
    const { vmx, vmxPath } = await prepare();
    const keys = line.split('\n').map(l => l.split(' = ')[0]);
    edit(
      vmx,
      text =>
        `${text
          .split('\n')
          .filter(l => !keys.includes(l.split(' = ')[0]))
          .join('\n')}${line}\n`,
    );
    expect(await refusal(vmxPath)).toMatchObject({ code });
  });

  it('that is noise, cut or missing is refused and says where', async () => {
    const { vmx, vmxPath } = await prepare();
    const whole = readFileSync(vmx);
    writeFileSync(vmx, Buffer.from(Uint8Array.from({ length: 5000 }, (_, i) => (i * 131) & 255)));
    expect(await refusal(vmxPath)).toMatchObject({ code: 'InvalidVmx' });
    writeFileSync(vmx, whole.subarray(0, whole.length - 20));
    expect(await refusal(vmxPath)).toBeInstanceOf(Error);
    writeFileSync(vmx, Buffer.alloc(2 << 20, 'a = "b"\n'));
    expect(await refusal(vmxPath)).toMatchObject({ code: 'InvalidVmx' });
    unlinkSync(vmx);
    expect(await refusal(vmxPath)).toMatchObject({ code: 'NotFound' });
  });
});

describe('a virtual disk', () => {
  it('that is too short is refused with both sizes', async () => {
    const { flat, vmxPath } = await prepare();
    truncateSync(flat, 1 << 20);
    expect(await refusal(vmxPath)).toMatchObject({ code: 'DiskTooShort', details: { haveBytes: 1 << 20 } });
  });

  it('whose extent is missing is refused', async () => {
    const { flat, vmxPath } = await prepare();
    unlinkSync(flat);
    expect(await refusal(vmxPath)).toMatchObject({ code: 'DiskMissing' });
  });

  it.each([
    ['cut in the middle', (text: string) => text.slice(0, 60)],
    [
      'with an extent above its folder',
      (text: string) => text.replace('linux-flat.vmdk', '../../../../../../etc/shadow'),
    ],
    ['with an extent of the machine', (text: string) => text.replace('linux-flat.vmdk', '/etc/shadow')],
    ['with a size beyond all disks', (text: string) => text.replace(/^RW \d+/m, 'RW 99999999999999999999')],
    ['with a negative size', (text: string) => text.replace(/^RW \d+/m, 'RW -1')],
    ['of an unknown type', (text: string) => text.replace('"vmfs"', '"cloud"')],
    ['of noise', () => '\0\x01\xff'.repeat(1000)],
    ['that is empty', () => ''],
  ])('%s is refused', async (_, change) => {
    const { descriptor, vmxPath } = await prepare();
    edit(descriptor, change);
    expect(await refusal(vmxPath)).toMatchObject({
      code: expect.stringMatching(
        /^(InvalidDescriptor|DiskMissing|DiskTooShort|NotSupported|PermissionDenied)$/,
      ),
    });
  });

  it('in use by another VM is refused: its lock is held', async () => {
    const first = await prepare();
    await kernel.call('powerOn', { vmxPath: first.vmxPath });
    const second = await prepare();
    edit(second.vmx, text =>
      text.replace('"linux.vmdk"', `"${`/vmfs/volumes/storage1/spoilt${counter - 1}/linux.vmdk`}"`),
    );
    const error = await kernel
      .call('powerOn', { vmxPath: second.vmxPath })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'FileLocked' });
    await kernel.call('powerOff', { vmxPath: first.vmxPath });
    await until('the VM to be gone', async () => (await kernel.call('listVms', {})).vms.length === 0);
  });
});
