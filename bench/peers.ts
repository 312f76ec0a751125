import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { VMX_ENVIRONMENT } from '../kernel/boot/index.js';
import { TREE } from '../test/harness/index.js';
import { GuestSession } from './guest-session.js';
import type { Firmware } from './images.js';
import type { Owned } from './owned.js';
import { cpuUs, pssMb } from './processes.js';

/** A guest on a machine that is a single process, its first serial port on standard input and output. */
export class Peer {
  readonly session: GuestSession;

  private constructor(
    private readonly owned: Owned,
    private readonly child: ChildProcessWithoutNullStreams,
  ) {
    owned.add(this);
    this.session = new GuestSession(child.stdout, child.stdin);
  }

  /** The engine without a VMkernel, in Node. @param nodeFlags V8's, as the product gives them to a vmx */
  static bare(
    owned: Owned,
    vmFolder: string,
    firmware: Firmware,
    options: { readonly stock: boolean; readonly nodeFlags: readonly string[] },
  ): Peer {
    const main = join(TREE, 'dist/daemons/vmware-vmx/bare.js');
    const args = [vmFolder, '--stdio', '--bios', firmware.bios, '--vgabios', firmware.vgaBios];
    const stock = options.stock ? ['--stock'] : [];
    const words = [...options.nodeFlags, main, ...args, ...stock];
    return new Peer(owned, spawn(process.execPath, words, { env: options.stock ? {} : VMX_ENVIRONMENT }));
  }

  /** QEMU's translator, one thread. @param flags further ones */
  static qemu(owned: Owned, vmFolder: string, memoryMb: number, flags: readonly string[] = []): Peer {
    const disk = readdirSync(vmFolder).find(name => name.endsWith('-flat.vmdk'));
    const drive = `file=${join(vmFolder, disk ?? '')},format=raw,cache=writeback,if=ide`;
    const machine = ['-accel', 'tcg,thread=single', '-m', String(memoryMb), '-display', 'none'];
    const rest = ['-nic', 'none', '-serial', 'stdio', '-monitor', 'none', '-drive', drive];
    return new Peer(owned, spawn('qemu-system-i386', [...machine, ...rest, ...flags]));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  cpuUs(): number {
    return cpuUs(this.pid);
  }

  pssMb(): number {
    return pssMb(this.pid);
  }

  async stop(): Promise<void> {
    this.owned.gone(this);
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
