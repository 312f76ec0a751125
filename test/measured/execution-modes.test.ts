import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attachVmm } from '../../kernel/client/index.js';
import { type SerialPort, TestHost } from '../harness/index.js';

/** What the guest's Linux tells as `sse2`: bit 26 (Intel SDM 2A, CPUID). Busybox and the kernel go without. */
const WITHOUT_SSE2 = '-----0--------------------------';

let host: TestHost;
let guest: SerialPort;
let modes: () => { readonly user: number; readonly kernel: number; readonly monitor: number };

beforeAll(async () => {
  host = await TestHost.up();
  const kernel = await host.kernel();
  const vmxPath = await host.addGuest('linux', 'modes', vmx => `${vmx}cpuid.1.edx = "${WITHOUT_SSE2}"\n`);
  const { vm, serial } = await host.powerOn(kernel, vmxPath);
  guest = serial;
  const { shmDir } = await kernel.call('hostInfo', {});
  const { vmmReport } = attachVmm(shmDir, vm.worldId + 1);
  modes = () => ({
    user: vmmReport.guestUserUs(),
    kernel: vmmReport.guestKernelUs(),
    monitor: vmmReport.monitorUs(),
  });
  // The shell may ask for the cursor’s position behind its prompt.
  await guest.waitFor(/# (?:.\[6n)?$/);
}, 120_000);
afterAll(() => host.stop());

/** Parts of the virtual CPU's time while the guest's shell runs this. */
async function partsOf(line: string): Promise<{ user: number; kernel: number }> {
  const before = modes();
  await guest.command(line);
  const after = modes();
  const [user, kernel] = [after.user - before.user, after.kernel - before.kernel];
  const all = user + kernel + after.monitor - before.monitor;
  return { user: user / all, kernel: kernel / all };
}

describe('a Linux guest', () => {
  it('sees no feature that its .vmx takes away, and those beside it', async () => {
    const flags = (await guest.command('grep ^flags /proc/cpuinfo')).trim().split(/\s+/);
    expect(flags).toContain('sse');
    expect(flags).toContain('tsc');
    expect(flags).not.toContain('sse2');
  });

  it('is in its kernel for most of its time when it calls it all the time, and outside when it computes', async () => {
    const calls = await partsOf('dd if=/dev/zero of=/dev/null bs=1 count=150000 2>/dev/null');
    const computing = await partsOf('dd if=/dev/zero bs=64k count=100 2>/dev/null | sha256sum');
    expect(calls.kernel).toBeGreaterThan(0.5);
    expect(computing.user).toBeGreaterThan(0.55);
    expect(calls.user).toBeLessThan(0.4);
    expect(computing.kernel).toBeLessThan(0.4);
  });
});
