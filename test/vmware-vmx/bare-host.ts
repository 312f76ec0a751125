import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MiniBios } from '../../daemons/vmware-vmx/engine/mini-bios.js';
import type { Change, VmInfo } from '../../kernel/abi/index.js';
import { VmkernelClient } from '../../kernel/client/index.js';
import { isAlive, processesNaming, SerialPort, until } from '../harness/index.js';

const VMKERNEL = fileURLToPath(new URL('../../dist/kernel/boot/main.js', import.meta.url));
const SECTOR_BYTES = 512;
const DISK_SECTORS = 64;
export const STATUS = 0x1f7;
export const DATA = 0x1f0;
const BUSY = 0x80;
const LOAD_ADDRESS = 0x7c00;

/** Starts an IDE command on one sector of the master. */
export function ide(code: MiniBios, sector: number, command: number): MiniBios {
  return code
    .out(0x1f6, 0xe0)
    .out(0x1f2, 1)
    .out(0x1f3, sector)
    .out(0x1f4, 0)
    .out(0x1f5, 0)
    .out(STATUS, command);
}

/** A firmware that loads the first sector of ide0:0 to 7C00h and jumps there; it needs no package. */
function firmware(): Uint8Array {
  const [lo, hi] = [LOAD_ADDRESS & 0xff, LOAD_ADDRESS >> 8];
  return (
    ide(new MiniBios(), 0, 0x20)
      .waitClear(STATUS, BUSY)
      // xor ax,ax; mov es,ax; mov ss,ax; mov sp,7C00h; mov di,7C00h; mov cx,256; mov dx,1F0h; cld; rep insw
      .raw(
        0x31,
        0xc0,
        0x8e,
        0xc0,
        0x8e,
        0xd0,
        0xbc,
        lo,
        hi,
        0xbf,
        lo,
        hi,
        0xb9,
        0,
        1,
        0xba,
        0xf0,
        1,
        0xfc,
        0xf3,
        0x6d,
      )
      .raw(0xea, lo, hi, 0, 0)
      .image()
  );
}

/** A VMkernel alone: no init, no console. Guests are one boot sector each. */
export class BareHost {
  readonly root = mkdtempSync(join(tmpdir(), 'vmx-test-'));
  readonly changes: Change[] = [];
  readonly #bootId = `vmxtest${process.pid}-${this.root.slice(-6)}`;
  #child: ChildProcess | undefined;
  #client: VmkernelClient | undefined;

  /** @param flags of the VMkernel */
  static async start(...flags: string[]): Promise<BareHost> {
    const host = new BareHost();
    for (const folder of ['var/log', 'run/vmkernel', 'run/vmx', 'firmware', 'datastores/storage1'])
      mkdirSync(join(host.root, folder), { recursive: true });
    writeFileSync(join(host.root, 'firmware/bios-256k.bin'), firmware());
    writeFileSync(join(host.root, 'firmware/vgabios-stdvga.bin'), new Uint8Array(SECTOR_BYTES));
    await host.#boot(flags);
    return host;
  }

  async #boot(flags: readonly string[]): Promise<void> {
    const args = [VMKERNEL, '--root', this.root, '--boot-id', this.#bootId, '--ready-fd', '3', ...flags];
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
    const ready = this.#child.stdio[3];
    if (ready === null || ready === undefined) throw new Error('no ready pipe');
    await once(ready, 'data');
    this.#client = await VmkernelClient.connect(join(this.root, 'run/vmkernel/control.sock'));
    await this.#client.watch(change => this.changes.push(change));
  }

  /** Ends the VMkernel by a signal and boots another one in the same root. */
  async reboot(signal: 'SIGTERM' | 'SIGKILL', ...flags: string[]): Promise<void> {
    await this.#end(signal);
    await this.#boot(flags);
  }

  /** Its vmx processes end, too, and nothing of the boot is left. */
  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#client?.close();
    const child = this.#child;
    if (child?.pid !== undefined && isAlive(child.pid)) {
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    }
    await until('every process of the host to end', () => processesNaming(this.root).length === 0);
    rmSync(join('/dev/shm', `esx-${this.#bootId}`), { recursive: true, force: true });
  }

  get kernel(): VmkernelClient {
    if (this.#client === undefined) throw new Error('not started');
    return this.#client;
  }

  get kernelPid(): number {
    return this.#child?.pid ?? 0;
  }

  folder(name: string): string {
    return join(this.root, 'datastores/storage1', name);
  }

  path(name: string): string {
    return `/vmfs/volumes/storage1/${name}/${name}.vmx`;
  }

  /** Makes a VM whose disk starts with `bootSector`. */
  define(
    name: string,
    bootSector: Uint8Array,
    extra: readonly string[] = ['serial0.fileType = "console"'],
  ): void {
    const folder = this.folder(name);
    mkdirSync(folder);
    const disk = new Uint8Array(DISK_SECTORS * SECTOR_BYTES);
    disk.set(bootSector.subarray(0, SECTOR_BYTES));
    writeFileSync(join(folder, `${name}-flat.vmdk`), disk);
    writeFileSync(
      join(folder, `${name}.vmdk`),
      `# Disk DescriptorFile\nversion=1\nCID=1234abcd\nparentCID=ffffffff\ncreateType="vmfs"\n\n` +
        `RW ${DISK_SECTORS} VMFS "${name}-flat.vmdk"\n\nddb.virtualHWVersion = "4"\nddb.geometry.cylinders = "1"\n` +
        'ddb.geometry.heads = "16"\nddb.geometry.sectors = "63"\nddb.adapterType = "ide"\n',
    );
    const lines = [
      'config.version = "8"',
      'virtualHW.version = "4"',
      `displayName = "${name}"`,
      'guestOS = "other"',
      'memsize = "4"',
      'ide0:0.present = "TRUE"',
      `ide0:0.fileName = "${name}.vmdk"`,
      'serial0.present = "TRUE"',
      ...extra,
    ];
    writeFileSync(join(folder, `${name}.vmx`), `${lines.join('\n')}\n`);
  }

  powerOn(name: string): Promise<VmInfo> {
    return this.kernel.call('powerOn', { vmxPath: this.path(name) });
  }

  serial(vm: VmInfo): Promise<SerialPort> {
    return SerialPort.open(join(this.root, 'run/vmx', String(vm.worldId), 'serial0.sock'));
  }

  /** Between the tests of a file: no VM, no file of one, nothing told. */
  async clear(): Promise<void> {
    const off = async (vmxPath: string) => this.kernel.call('powerOff', { vmxPath }).catch(() => undefined);
    for (const { vmxPath } of (await this.kernel.call('listVms', {})).vms) await off(vmxPath);
    await until('every VM to be gone', async () => (await this.kernel.call('listVms', {})).vms.length === 0);
    for (const name of readdirSync(this.folder('.'))) rmSync(this.folder(name), { recursive: true });
    this.changes.length = 0;
  }

  /** The change that ended a VM. */
  ended(name: string): Promise<Change> {
    return until(`the end of ${name}`, () =>
      this.changes.find(c => c.object.endsWith(`/${name}.vmx`) && c.event === 'poweredOff'),
    );
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    rmSync(this.root, { recursive: true });
  }
}
